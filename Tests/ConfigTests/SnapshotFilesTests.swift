import Testing

@testable import Config

/// Directives that keep a snapshot in one file.
struct SnapshotFilesTests {
  @Test func `directives that differ in their objects cannot share a file`() {
    let result = load(
      """
      a.org {
      kubernetes {
      snapshot /var/s
      }
      }
      b.org {
      kubernetes {
      snapshot /var/s
      namespaces b
      }
      }
      """)
    #expect(
      result.headlines == [
        "7:1: error: '/var/s' is already the snapshot of the kubernetes on line 2"
      ])
  }

  @Test func `directives that differ in their zones share it`() {
    let result = load(
      """
      a.org {
      kubernetes a.org {
      snapshot /var/s
      }
      }
      b.org {
      kubernetes b.org {
      snapshot /var/s
      fallthrough
      }
      }
      """)
    #expect(result.diagnostics.isEmpty)
  }
}
