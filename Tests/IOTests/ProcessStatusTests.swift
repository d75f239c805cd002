import Testing

@testable import IO

@Suite struct ProcessStatusTests {
  @Test func `stat is read behind a name with spaces and parentheses`() {
    var status = ProcessStatus()
    status.readStat(
      "4711 (a) b (c) S 1 4711 4711 0 -1 4194560 1 0 0 0 250 150 0 0 20 0 3 0 12345 99 7 1\n",
      ticksPerSecond: 100, bootTime: 1_795_000_000)
    #expect(status.cpuSeconds == 4)
    #expect(status.startTime == 1_795_000_123.45)
  }

  @Test func `status gives memory and threads`() {
    var status = ProcessStatus()
    status.readStatus(
      """
      Name:\tmartlet
      VmSize:\t  150000 kB
      VmHWM:\t   48000 kB
      VmRSS:\t   45440 kB
      RssAnon:\t   40000 kB
      RssFile:\t    5440 kB
      Threads:\t3

      """)
    #expect(status.virtualOctets == 153_600_000)
    #expect(status.peakResidentOctets == 49_152_000)
    #expect(status.residentOctets == 46_530_560)
    #expect(status.anonymousOctets == 40_960_000)
    #expect(status.threads == 3)
  }

  @Test(
    arguments: [
      ("Max open files            1024                 1048576              files     \n", 1024),
      ("Max open files            unlimited            unlimited            files     \n", .max),
      ("Max processes             7                    7                    processes \n", 0),
    ] as [(String, UInt64)])
  func `limits give the soft limit of descriptors`(text: String, expected: UInt64) {
    var status = ProcessStatus()
    status.readLimits(
      "Limit                     Soft Limit           Hard Limit           Units\n" + text)
    #expect(status.maximumDescriptors == expected)
  }

  @Test func `the boot time stands in its own line`() {
    #expect(ProcessStatus.bootTime(in: "cpu 1 2\nbtime 1795000000\nprocesses 5\n") == 1_795_000_000)
    #expect(ProcessStatus.bootTime(in: "") == 0)
  }

  @Test func `broken texts leave zeros`() {
    var status = ProcessStatus()
    for text in ["", ")", "1 (a) S", "VmRSS:", "VmRSS: x kB", "Max open files"] {
      status.readStat(text, ticksPerSecond: 100, bootTime: 0)
      status.readStatus(text)
      status.readLimits(text)
    }
    #expect(status == ProcessStatus())
  }

  @Test func `this process has memory, threads and descriptors`() throws {
    let status = try ProcessStatus.current()
    #expect(status.residentOctets > 0 && status.peakResidentOctets >= status.anonymousOctets)
    #expect(status.threads > 0 && status.openDescriptors >= 2)
    #expect(status.virtualOctets > status.residentOctets)
    #expect(status.maximumDescriptors >= UInt64(status.openDescriptors))
    #expect(status.startTime > 1_000_000_000)
  }
}
