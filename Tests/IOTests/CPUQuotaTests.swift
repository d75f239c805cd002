import Testing

@testable import IO

@Suite("The share of the CPUs that cgroups grant")
struct CPUQuotaTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let memberships: String
    let files: [String: String]
    let quota: Double?
  }

  static let rows: [Row] = [
    Row(
      testDescription: "v2 without a limit", memberships: "0::/\n",
      files: ["/sys/fs/cgroup/cpu.max": "max 100000\n"], quota: nil),
    Row(
      testDescription: "v2 in a container", memberships: "0::/\n",
      files: ["/sys/fs/cgroup/cpu.max": "150000 100000\n"], quota: 1.5),
    Row(
      testDescription: "v2 under systemd, the limit further up",
      memberships: "0::/a.slice/b.service",
      files: [
        "/sys/fs/cgroup/a.slice/b.service/cpu.max": "max 100000",
        "/sys/fs/cgroup/a.slice/cpu.max": "200000 100000",
      ], quota: 2),
    Row(
      testDescription: "v2, the smallest on the way counts", memberships: "0::/a/b",
      files: [
        "/sys/fs/cgroup/a/b/cpu.max": "300000 100000", "/sys/fs/cgroup/a/cpu.max": "50000 100000",
      ], quota: 0.5),
    Row(
      testDescription: "v1", memberships: "9:name=systemd:/\n4:cpu,cpuacct:/docker/x\n",
      files: [
        "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "250000\n",
        "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      ], quota: 2.5),
    Row(testDescription: "nothing mounted", memberships: "1:cpu:/\n0::/\n", files: [:], quota: nil),
    Row(testDescription: "text that is none", memberships: "x\n:::\n", files: [:], quota: nil),
    Row(
      testDescription: "a period of 0", memberships: "0::/",
      files: ["/sys/fs/cgroup/cpu.max": "5 0"], quota: nil),
  ]

  @Test("is read from", arguments: rows)
  func quota(_ row: Row) {
    #expect(CPUQuota.quota(of: row.memberships) { row.files[$0] } == row.quota)
  }
}
