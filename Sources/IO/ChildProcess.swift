import CLinux
import Glibc

/// A program that runs beside the server, followed on an ``EventLoop``.
///
/// It has no input and no terminal. Its output is collected up to a limit, it is killed with all
/// it has started at a deadline, and it is always waited for, so that no zombie stays. Its end is
/// learnt from a descriptor of its own: the process's SIGCHLD is left alone.
public final class ChildProcess {
  /// What is run.
  public struct Command: Hashable, Sendable {
    /// A path, or a name to be found in `PATH`.
    public var program: String
    /// Those behind the program's own name.
    public var arguments: [String]
    public var environment: [String: String]

    public init(program: String, arguments: [String], environment: [String: String]) {
      (self.program, self.arguments, self.environment) = (program, arguments, environment)
    }
  }

  /// What one run may take.
  public struct Limits: Hashable, Sendable {
    /// From the start to the end of the program.
    public var duration: Duration
    /// Octets of output; more ends the program.
    public var outputOctets: Int
    /// Octets of standard error that are kept; more are read and forgotten.
    public var errorOctets: Int

    public init(duration: Duration, outputOctets: Int, errorOctets: Int) {
      self.duration = duration
      self.outputOctets = outputOctets
      self.errorOctets = errorOctets
    }
  }

  /// How a run ended.
  public enum Ending: Hashable, Sendable {
    /// By itself, with this status.
    case exited(Int32)
    /// By a signal from elsewhere.
    case signalled(Int32)
    /// It was killed at the deadline.
    case overdue
    /// It was killed because it wrote more than the limit.
    case tooMuchOutput
  }

  /// What a run has given.
  public struct Outcome: Hashable, Sendable {
    public var ending: Ending
    public var output: [UInt8]
    public var errors: [UInt8]
  }

  /// How often the end is asked for where the kernel does not announce it (before Linux 5.3).
  private static let askPeriod = Duration.milliseconds(50)

  private let process: Int32
  /// Readable at the end of the process; -1 where the kernel has no such thing.
  private let handle: Int32
  private let output: ChildOutput
  private let errors: ChildOutput
  private var ended: ((Outcome) -> Void)?
  /// These hold the object until the process has been waited for.
  private var registrations: [Registration] = []
  private var isReaped = false

  /// Starts a program.
  ///
  /// - Parameter ended: called once from the loop, never from here; not after ``cancel()``.
  /// - Throws: ``IOFailure`` where it cannot be started: ENOENT where there is no such program.
  public static func start(
    _ command: Command, limits: Limits, on loop: EventLoop, ended: @escaping (Outcome) -> Void
  ) throws(IOFailure) -> ChildProcess {
    let output = try Pipe(command.program)
    let errors = try Pipe(command.program)
    let process = try spawn(command, output: output, errors: errors)
    return ChildProcess(
      process, output: ChildOutput(output, limit: limits.outputOctets),
      errors: ChildOutput(errors, limit: limits.errorOctets), limits.duration, loop, ended)
  }

  private init(
    _ process: Int32, output: ChildOutput, errors: ChildOutput, _ duration: Duration,
    _ loop: EventLoop, _ ended: @escaping (Outcome) -> Void
  ) {
    self.process = process
    self.output = output
    self.errors = errors
    self.ended = ended
    handle = clinux_pidfd(process)
    output.registration = loop.onReadable(output.descriptor) { [unowned self] in readOutput() }
    errors.registration = loop.onReadable(errors.descriptor) { [unowned self] in
      self.errors.read()
    }
    registrations = [
      handle >= 0
        ? loop.onReadable(handle) { self.reap() } : loop.every(Self.askPeriod) { self.reap() },
      loop.after(duration) { self.kill(because: .overdue) },
    ]
  }

  deinit {
    if handle >= 0 { close(handle) }
  }

  /// Kills the program with all it has started; its end is not told.
  public func cancel() {
    ended = nil
    kill(because: .overdue)
  }

  // MARK: - The end

  private func readOutput() {
    output.read()
    if output.isOverLimit { kill(because: .tooMuchOutput) }
  }

  private func kill(because ending: Ending) {
    // SAFETY: until it is waited for, the number belongs to this process and its group.
    if !isReaped { _ = Glibc.kill(-process, SIGKILL) }
    finish(ending)
  }

  private func reap() {
    var status: Int32 = 0
    let result = unsafe waitpid(process, &status, WNOHANG)
    // ECHILD: the process was started with SIGCHLD ignored, and the kernel forgets its children.
    guard result == process || result < 0 && errno == ECHILD else { return }
    isReaped = true
    for registration in registrations { registration.cancel() }
    registrations = []
    // What else it has started may hold the pipes open: only what has been written is waited for.
    output.drain()
    errors.drain()
    let signal = status & 0x7F
    let ending = signal == 0 ? Ending.exited((status >> 8) & 0xFF) : .signalled(signal)
    finish(output.isOverLimit ? .tooMuchOutput : ending)
  }

  private func finish(_ ending: Ending) {
    output.close()
    errors.close()
    guard let ended else { return }
    self.ended = nil
    ended(Outcome(ending: ending, output: output.octets, errors: errors.octets))
  }
}

// MARK: - Starting

extension ChildProcess {
  private static func spawn(
    _ command: Command, output: borrowing Pipe, errors: borrowing Pipe
  ) throws(IOFailure) -> Int32 {
    let arguments = CStringArray([command.program] + command.arguments)
    let environment = CStringArray(command.environment.map { "\($0)=\($1)" }.sorted())
    var process: Int32 = 0
    let result = unsafe clinux_spawn(
      command.program, arguments.pointers, environment.pointers, output.writing, errors.writing,
      &process)
    guard result == 0 else {
      throw IOFailure(operation: "start \(command.program)", code: result)
    }
    return process
  }
}

/// Strings for C: an array of pointers up to a NULL, which lives as long as this object.
@safe private final class CStringArray {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    unsafe pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
    unsafe pointers[count] = nil
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}

/// Both ends of a pipe; each is closed with it unless it is taken out.
private struct Pipe: ~Copyable {
  fileprivate private(set) var reading: Int32
  fileprivate let writing: Int32

  init(_ program: String) throws(IOFailure) {
    var ends: [Int32] = [-1, -1]
    let result = unsafe clinux_pipe(&ends)
    guard result == 0 else { throw IOFailure(operation: "start \(program)", code: -result) }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    if reading >= 0 { close(reading) }
    close(writing)
  }

  consuming func takeReading() -> Int32 {
    defer { reading = -1 }
    return reading
  }
}

/// What comes out of a pipe, up to a limit.
private final class ChildOutput {
  /// A pipe holds no more unless its size is changed.
  private static let chunkOctets = 65_536
  /// Chunks read after the end, so that a grandchild that goes on writing is not followed.
  private static let chunksAfterEnd = 32

  fileprivate private(set) var descriptor: Int32
  fileprivate private(set) var octets: [UInt8] = []
  fileprivate private(set) var isOverLimit = false
  fileprivate var registration: Registration?
  private let limit: Int

  init(_ pipe: consuming Pipe, limit: Int) {
    descriptor = pipe.takeReading()
    self.limit = limit
  }

  deinit {
    close()
  }

  /// Reads once; false where nothing more is there now.
  @discardableResult
  func read() -> Bool {
    guard descriptor >= 0 else { return false }
    var chunk = [UInt8](repeating: 0, count: Self.chunkOctets)
    let count = unsafe chunk.withUnsafeMutableBytes {
      unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
    }
    if count < 0, errno == EINTR { return true }
    if count < 0, errno == EAGAIN { return false }
    guard count > 0 else {
      close()
      return false
    }
    isOverLimit = isOverLimit || octets.count + count > limit
    octets += chunk[..<min(count, limit - octets.count)]
    return true
  }

  /// Reads what is there.
  func drain() {
    var chunks = 0
    while chunks < Self.chunksAfterEnd, read() { chunks += 1 }
  }

  func close() {
    registration?.cancel()
    registration = nil
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }
}
