import CLinux

/// The memory that the process has freed.
public enum HeapPages {
  /// Gives the kernel back what lies free between what is in use: after much was taken and freed at
  /// once, some megabytes. Takes milliseconds, in which no other thread can allocate.
  public static func release() {
    clinux_trim_heap()
  }
}
