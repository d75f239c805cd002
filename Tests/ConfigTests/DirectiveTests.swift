import Testing
import Wire

@testable import Config

/// Directives by the settings they give, and by what they refuse.
struct DirectiveTests {
  /// A body of a block `example.org`, and what must hold of its settings.
  struct Row: CustomTestStringConvertible {
    var body: String
    var holds: @Sendable (ServerBlock) -> Bool
    var testDescription: String { body }

    init(_ body: String, _ holds: @escaping @Sendable (ServerBlock) -> Bool) {
      (self.body, self.holds) = (body, holds)
    }
  }

  static let simple = [
    Row("root /etc/zones") { $0.root == "/etc/zones" },
    Row("root /a\nroot /b") { $0.root == "/b" },
    Row("debug") { $0.debug },
    Row("loop") { $0.loop },
    Row("whoami") { $0.whoami },
    Row("reload") { $0.reload == ReloadSettings() },
    Row("reload 10s 3s") {
      $0.reload?.interval == .seconds(10) && $0.reload?.jitter == .seconds(3)
    },
    Row("reload 10s") { $0.reload?.jitter == .seconds(5) },
    Row("bufsize") { $0.bufsize == 1232 },
    Row("bufsize 4096") { $0.bufsize == 4096 },
    Row("bind 127.0.0.1 ::1 eth0\nbind lo {\nexcept 127.0.0.53\n}") {
      $0.bind.map(\.addresses) == [["127.0.0.1", "::1", "eth0"], ["lo"]]
        && $0.bind[1].except == ["127.0.0.53"]
    },
    Row("bind fe80::1%eth0") { $0.bind.first?.addresses == ["fe80::1%eth0"] },
    Row("ready") { $0.ready == ReadySettings() },
    Row("ready 127.0.0.1:1 {\nmonitor continuously\n}") {
      $0.ready?.address == ListenAddress(host: "127.0.0.1", port: 1)
        && $0.ready?.monitor == .continuously
    },
    Row("health") { $0.health == HealthSettings() },
    Row("health [::1]:8081 {\nlameduck 1m30s\n}") {
      $0.health?.address == ListenAddress(host: "::1", port: 8081)
        && $0.health?.lameduck == .seconds(90)
    },
    Row("prometheus") { $0.prometheus == [PrometheusSettings()] },
    Row("prometheus :9153 {\nruntime_metrics\n}\nprometheus localhost:1") {
      $0.prometheus.map(\.address.description) == [":9153", "localhost:1"]
    },
    Row("errors") { $0.errors == ErrorsSettings() },
    Row(
      """
      errors {
        stacktrace
        consolidate 5m ".* i/o timeout$" warning
        consolidate 30s "^Failed to .+" show_first
        consolidate 1s x info show_first
      }
      """
    ) {
      $0.errors?.stacktrace == true
        && $0.errors?.consolidations.map(\.level) == [.warning, .error, .info]
        && $0.errors?.consolidations.map(\.showFirst) == [false, true, true]
        && $0.errors?.consolidations.map(\.period) == [.seconds(300), .seconds(30), .seconds(1)]
        && $0.errors?.consolidations[0].pattern == ".* i/o timeout$"
    },
    Row("log") { $0.log == [LogSettings(names: [name("example.org")])] },
    Row("log a.org B.org {\nclass denial error\n}\nlog . {combined}") {
      $0.log.map(\.names) == [[name("a.org"), name("b.org")], [.root]]
        && $0.log[0].classes == [.denial, .error]
        && $0.log[1].format == LogSettings.combinedFormat && $0.log[1].classes == [.all]
    },
    Row("log \"{common} {/kubernetes/client-namespace}\"") {
      $0.log[0].format == LogSettings.commonFormat + " {/kubernetes/client-namespace}"
        && $0.log[0].names == [name("example.org")]
    },
    Row("loadbalance") { $0.loadbalance?.policy == .roundRobin },
    Row("loadbalance round_robin") { $0.loadbalance?.policy == .roundRobin },
    Row("file db.example") {
      $0.files.map(\.path) == ["db.example"] && $0.files[0].zones == [name("example.org")]
        && $0.files[0].reload == .seconds(60) && $0.files[0].fallThrough == .none
    },
    Row("file db a.org 10.0.0.0/8 {\nreload 0\nreload_by_mtime\nupstream\nfallthrough b.a.org\n}") {
      $0.files[0].zones == [name("a.org"), name("10.in-addr.arpa")]
        && $0.files[0].reload == .zero
        && $0.files[0].fallThrough == .zones([name("b.a.org")])
    },
  ]

  static let kubernetes = [
    Row("kubernetes") {
      $0.kubernetes.map(\.zones) == [[name("example.org")]] && $0.kubernetes[0].source == .inCluster
        && $0.kubernetes[0].ttl == 5 && $0.kubernetes[0].pods == .disabled
        && $0.kubernetes[0].startupTimeout == .seconds(5)
    },
    Row("kubernetes cluster.local 10.96.0.0/15") {
      $0.kubernetes[0].zones
        == ["cluster.local", "96.10.in-addr.arpa", "97.10.in-addr.arpa"].map(name)
    },
    Row(
      """
      kubernetes {
        manifests objects more.yaml
        pods verified
        endpoint_pod_names
        noendpoints
        ignore empty_service
        ttl 3600
        fallthrough
        startup_timeout 1.5s
        apiserver_qps 12.5
        apiserver_burst 20
        apiserver_max_inflight 0
        namespaces a b
        namespaces c
        labels tier in (front, back),!legacy
      }
      """
    ) {
      let settings = $0.kubernetes[0]
      return settings.source == .manifests(["objects", "more.yaml"])
        && settings.sourcePlace.line == 3 && settings.pods == .verified
        && settings.endpointPodNames && settings.noEndpoints && settings.ignoreEmptyService
        && settings.ttl == 3600 && settings.fallThrough == .all
        && settings.startupTimeout == .milliseconds(1500) && settings.apiserverQPS == 12.5
        && settings.apiserverBurst == 20 && settings.apiserverMaxInflight == nil
        && settings.namespaces == ["a", "b", "c"]
        && settings.labels?.requirements == [
          .equals(key: "tier", values: ["front", "back"]), .absent(key: "legacy"),
        ]
    },
    Row("kubernetes {\nendpoint https://a:6443 https://b:6443\ntls c k ca\n}") {
      $0.kubernetes[0].source == .endpoints(["https://a:6443", "https://b:6443"])
        && $0.kubernetes[0].tls == .init(certificate: "c", key: "k", authority: "ca")
    },
    Row("kubernetes {\nendpoint https://a\nkubeconfig /k ctx\n}") {
      $0.kubernetes[0].source == .kubeconfig(file: "/k", context: "ctx")
        && $0.kubernetes[0].sourcePlace.line == 4
    },
    Row("kubernetes {\nsnapshot state/objects.json\n}") {
      $0.kubernetes[0].source == .inCluster && $0.kubernetes[0].snapshot == "state/objects.json"
    },
    Row("kubernetes {\nkubeconfig /k\n}") {
      $0.kubernetes[0].source == .kubeconfig(file: "/k", context: nil)
    },
  ]

  static let cache = [
    Row("cache") {
      $0.cache?.zones == [name("example.org")] && $0.cache?.success == .init(maxTTL: 3600)
        && $0.cache?.denial == .init(maxTTL: 1800) && $0.cache?.servfail == .seconds(5)
        && $0.cache?.prefetch == nil && $0.cache?.serveStale == nil
    },
    Row("cache 30 a.org") {
      $0.cache?.zones == [name("a.org")] && $0.cache?.success.maxTTL == 30
        && $0.cache?.denial.maxTTL == 30
    },
    Row(
      """
      cache {
        success 5000 60 1
        denial 2500
        prefetch 10 2m 25%
        serve_stale 2h verify 100ms 30s 10s
        serve_stale_policy prefer_positive
        servfail 0
        keepttl
        nxdomain_cut
        disable success
        disable denial a.org
        disable denial b.org
      }
      """
    ) {
      guard let cache = $0.cache, let stale = cache.serveStale else { return false }
      return cache.success.capacity == 5000 && cache.success.maxTTL == 60
        && cache.success.minTTL == 1 && cache.denial.capacity == 2500
        && cache.prefetch?.amount == 10 && cache.prefetch?.duration == .seconds(120)
        && cache.prefetch?.percentage == 25 && stale.duration == .seconds(7200)
        && stale.mode == .verify && stale.verifyTimeout == .milliseconds(100)
        && stale.responseTTL == .seconds(30) && stale.failureRecheck == .seconds(10)
        && stale.prefersPositive && cache.servfail == .zero && cache.keepTTL && cache.nxdomainCut
        && cache.success.disabled == [name("example.org")]
        && cache.denial.disabled == [name("a.org"), name("b.org")]
    },
    Row("cache {\nserve_stale 1h immediate 30s 5s\n}") {
      $0.cache?.serveStale?.mode == .immediate && $0.cache?.serveStale?.responseTTL == .seconds(30)
        && $0.cache?.serveStale?.failureRecheck == .seconds(5)
    },
    Row("cache {\nserve_stale 1h verify\n}") {
      $0.cache?.serveStale?.mode == .verify && $0.cache?.serveStale?.verifyTimeout == nil
        && $0.cache?.nxdomainCut == false
    },
    Row("cache {\nserve_stale\n}") { $0.cache?.serveStale == .init() },
  ]

  static let forward = [
    Row("forward . 10.0.0.10 10.0.0.11:1053 [2003::1]:54 2003::2 /etc/resolv.conf") {
      $0.forwards[0].from == .root
        && $0.forwards[0].upstreams.map(\.port) == [53, 1053, 54, 53, 53]
        && $0.forwards[0].upstreams[2].target == .address(IPAddress("2003::1")!, zoneIndex: nil)
        && $0.forwards[0].upstreams[4].target == .resolverFile("/etc/resolv.conf")
    },
    Row("forward . tls://9.9.9.9%dns.quad9.net:8853 tls://dns.google dns://a.conf") {
      let upstreams = $0.forwards[0].upstreams
      return upstreams.map(\.transport) == [.tls, .tls, .dns]
        && upstreams.map(\.port) == [8853, 853, 53]
        && upstreams.map(\.serverName) == ["dns.quad9.net", nil, nil]
        && upstreams[1].target == .hostName("dns.google")
        && upstreams[2].target == .hostName("a.conf")
    },
    Row("forward . fe80::1%eth0 [fe80::2%eth1]:54") {
      $0.forwards[0].upstreams.map(\.target) == [
        .address(IPAddress("fe80::1")!, zoneIndex: "eth0"),
        .address(IPAddress("fe80::2")!, zoneIndex: "eth1"),
      ] && $0.forwards[0].upstreams[1].port == 54
    },
    Row(
      """
      forward a.org 1.1.1.1 {
        except b.a.org 10.0.0.0/8
        force_tcp
        prefer_udp
        expire 20s
        max_idle_conns 4
        max_fails 0
        max_connect_attempts 3
        families ipv4
        tls cert key ca
        tls_servername dns.example
        policy sequential
        health_check 5s no_rec domain a.org
        max_concurrent 1000
        next NXDOMAIN refused
        next_on_nodata
        failfast_all_unhealthy_upstreams
        failover SERVFAIL
        failover REFUSED
        resolver 10.0.0.1 [::1]:54
        read_timeout 500ms
        source_address 192.0.2.1 2001:db8::1
      }
      """
    ) {
      let settings = $0.forwards[0]
      let ways =
        settings.forceTCP && settings.preferUDP && settings.expire == .seconds(20)
        && settings.policy == .sequential && settings.families == .ipv4
      let limits =
        settings.maxIdleConnections == 4 && settings.maxFails == 0
        && settings.maxConnectAttempts == 3 && settings.maxConcurrent == 1000
        && settings.readTimeout == .milliseconds(500)
      let outcomes =
        settings.next == [.nameError, .refused] && settings.nextOnNoData
        && settings.failover == [.serverFailure, .refused]
        && settings.failfastAllUnhealthyUpstreams
      let check = settings.healthCheck
      return ways && limits && outcomes && check.interval == .seconds(5)
        && !check.recursionDesired && check.domain == name("a.org")
        && settings.except == [name("b.a.org"), name("10.in-addr.arpa")]
        && settings.tls?.certificate == "cert" && settings.tls?.key == "key"
        && settings.tls?.authority == "ca" && settings.tlsServerName == "dns.example"
        && settings.resolvers.map(\.port) == [53, 54] && settings.sourceAddresses.count == 2
    },
    Row("families ipv6\nforward . 1.1.1.1") {
      $0.families == .ipv6 && $0.forwards[0].families == nil
    },
    Row("forward . 1.1.1.1 {\ntls\n}") { $0.forwards[0].tls == .init() },
    Row("forward . 1.1.1.1 {\ntls ca\n}") { $0.forwards[0].tls?.authority == "ca" },
    Row("forward . 1.1.1.1 {\ntls cert key\n}") {
      $0.forwards[0].tls?.key == "key" && $0.forwards[0].tls?.authority == nil
    },
    Row("forward a.org 1.1.1.1\nforward . 8.8.8.8") {
      $0.forwards.map(\.from) == [name("a.org"), .root]
    },
    Row(
      """
      proxy a.org 1.1.1.1 {
        policy first
        protocol dns force_tcp
        except b.a.org
        max_fails 3
        fail_timeout 5s
        spray
      }
      """
    ) {
      $0.forwards[0].policy == .sequential && $0.forwards[0].forceTCP
        && $0.forwards[0].except == [name("b.a.org")] && $0.forwards[0].maxFails == 3
    },
  ]

  @Test("Settings are as written", arguments: simple + kubernetes + cache + forward)
  func settings(_ row: Row) throws {
    let result = load("example.org {\n\(row.body)\n}")
    let block = try #require(result.block, "\(result.rendered)")
    #expect(row.holds(block))
  }

  @Test("Every plugin that is said to be supported is read, and no other")
  func order() {
    for entry in PluginOrder.entries {
      let result = load("example.org {\n\(entry.name)\n}")
      let lacks = result.diagnostics.contains { $0.message.hasPrefix("plugin '") }
      #expect(lacks != entry.isSupported, "\(entry.name)")
    }
    #expect(
      PluginOrder.supported == [
        "root", "reload", "bufsize", "bind", "debug", "ready", "health", "prometheus", "errors",
        "log", "families", "loadbalance", "cache", "kubernetes", "file", "loop", "forward",
        "whoami",
      ])
    #expect(Set(PluginOrder.entries.map(\.name)).count == PluginOrder.entries.count)
  }

  @Test(
    "Durations are read as Go reads them",
    arguments: [
      ("0", Duration.zero), ("300ms", .milliseconds(300)), ("1h30m", .seconds(5400)),
      ("1.5s", .milliseconds(1500)), (".5s", .milliseconds(500)), ("2us", .microseconds(2)),
      ("2µs", .microseconds(2)), ("7ns", .nanoseconds(7)), ("-1s", .seconds(-1)),
      ("+1m", .seconds(60)),
    ])
  func durations(_ text: String, _ duration: Duration) {
    #expect(DurationText.parse(text) == duration)
    #expect(DurationText.parse(DurationText.text(duration)) == duration)
  }

  @Test(
    "What is no duration is none",
    arguments: ["", "5", "s", "1d", "1 s", "-", "1.s.", ".s", "99999999999h", "1e3s"])
  func notDurations(_ text: String) {
    #expect(DurationText.parse(text) == nil)
  }
}
