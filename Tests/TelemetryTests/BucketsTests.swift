import Telemetry
import Testing

@Suite struct BucketsTests {
  @Test func `a duration falls where a search of the bounds puts it`() {
    let around: [UInt64] = Buckets.seconds.flatMap { bound -> [UInt64] in
      let nanoseconds = UInt64(bound * 1e9)
      return [nanoseconds - 1, nanoseconds, nanoseconds + 1]
    }
    for duration in around + [0, 1, 249_999, 60_000_000_000, .max] {
      let seconds = Double(duration) / 1e9
      let bucket = Buckets.seconds.firstIndex { seconds <= $0 } ?? Buckets.seconds.count
      #expect(Buckets.index(nanoseconds: duration) == bucket, "\(duration) ns")
    }
  }

  @Test func `a size falls where a search of the bounds puts it`() {
    for size in 0...66_000 {
      let bucket = Buckets.octets.firstIndex { Double(size) <= $0 } ?? Buckets.octets.count
      if Buckets.index(octets: size) != bucket {
        Issue.record("\(size) octets: \(Buckets.index(octets: size)), not \(bucket)")
      }
    }
    #expect(Buckets.index(octets: -1) == 0)
    #expect(Buckets.index(octets: .max) == 14)
  }
}
