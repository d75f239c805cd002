// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors in the project's own runs, never for a user with a newer compiler.
let warningsAreErrors = Context.environment["MARTLET_WARNINGS_AS_ERRORS"] == "1"

let settings: [SwiftSetting] =
  [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

/// A room of the server; what each may import is in docs/design.md and held by HouseTests.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .testTarget(
    name: name, dependencies: dependencies, resources: resources,
    // Tests state expectations; marking each pointer they touch would say nothing.
    swiftSettings: settings)
}

let package = Package(
  name: "martlet",
  products: [
    .executable(name: "martlet", targets: ["martlet"]),
    .library(name: "CAllocationCounter", type: .dynamic, targets: ["CAllocationCounter"]),
  ],
  targets: [
    // MARK: - C
    .target(name: "CLinux"),
    .target(name: "CPrefetch"),
    .target(
      name: "CSimdjson",
      cxxSettings: [.define("SIMDJSON_EXCEPTIONS", to: "0")],
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
    .systemLibrary(
      name: "CLibevent", pkgConfig: "libevent_core libevent_extra",
      providers: [.apt(["libevent-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CLdns", pkgConfig: "ldns", providers: [.apt(["libldns-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // MARK: - Rooms, each importing only from above
    room("Wire"),
    room("Telemetry"),
    room("Documents", ["CYAML", "CSimdjson"]),
    room("Config", ["Documents", "Wire"]),
    room("Zones", ["Wire"]),
    room("ZoneFiles", ["Zones", "Wire", "CLdns"]),
    room("Cluster", ["Wire", "CPrefetch"]),
    room("Forwarding", ["Wire"]),
    room("Answering", ["Wire", "Zones", "Cluster", "Config", "Forwarding", "Telemetry"]),
    room("IO", ["CCurl", "CLibevent", "CLinux", "COpenSSL"]),
    room("Kubernetes", ["IO", "Cluster", "Telemetry", "Documents", "Wire"]),
    room(
      "Serving",
      [
        "Answering", "Cluster", "Config", "Forwarding", "IO", "Kubernetes", "Telemetry", "Wire",
        "ZoneFiles", "Zones",
      ]),
    .executableTarget(
      name: "martlet", dependencies: ["Serving", "Config"], swiftSettings: settings),

    // MARK: - What scripts/bench runs beside the server
    .executableTarget(
      name: "Benchmarks", dependencies: ["CLinux", "Forwarding", "Wire"], swiftSettings: settings),
    .executableTarget(name: "CEchoFloor"),
    .executableTarget(name: "CEchoUpstream"),
    .executableTarget(name: "CFlood"),
    .executableTarget(name: "CForwardFloor"),
    .target(name: "CAllocationCounter"),

    // MARK: - The API server of the tests
    // Optimized always: thousands of seeded runs go through it in tests, which are debug builds.
    .target(
      name: "APIServerKit", path: "Tests/APIServerKit",
      swiftSettings: settings + [.unsafeFlags(["-O"])]),
    .executableTarget(
      name: "TestAPIServer", dependencies: ["APIServerKit", "CLinux", "CZlib"],
      path: "Tests/TestAPIServer", exclude: ["tls-front"], swiftSettings: settings),

    // MARK: - What names should be, for tests
    .target(
      name: "ClusterModel", dependencies: ["Cluster", "Wire"], path: "Tests/ClusterModel",
      swiftSettings: settings),

    // MARK: - Tests, a mirror of the rooms
    tests(
      "APIServerKitTests", ["APIServerKit", "TestAPIServer"], resources: [.copy("Samples")]),
    tests(
      "WatchTests",
      ["APIServerKit", "Cluster", "ClusterModel", "Documents", "Kubernetes", "Telemetry", "Wire"],
      resources: [.copy("Samples")]),
    tests("WireTests", ["Wire"]),
    tests("TelemetryTests", ["Telemetry"]),
    tests("IOTests", ["IO", "COpenSSL"], resources: [.copy("Samples")]),
    tests("ConfigTests", ["Config", "Wire"]),
    tests("DocumentsTests", ["Documents"]),
    tests(
      "KubernetesTests", ["Kubernetes", "Cluster", "Documents", "IO", "Wire"],
      resources: [.copy("Samples")]),
    tests(
      "ServingTests",
      [
        "Answering", "Cluster", "Config", "IO", "Serving", "Telemetry", "Wire", "ZoneFiles",
        "Zones",
      ]),
    tests("EndToEndTests", ["martlet"]),
    tests("HouseTests", ["Config", "Documents"]),
    tests("ClusterTests", ["Cluster", "ClusterModel", "Wire"]),
    tests(
      "AnsweringTests",
      [
        "Answering", "Cluster", "Config", "Documents", "Forwarding", "Kubernetes", "Wire",
        "ZoneFiles", "Zones",
      ],
      resources: [.copy("Samples")]),
    tests("ForwardingTests", ["Forwarding", "Wire", "ZoneFiles", "Zones"]),
    tests("ZonesTests", ["Zones", "ZoneFiles", "Wire"]),
    tests("ZoneFilesTests", ["ZoneFiles", "Zones", "Wire"]),
  ],
  swiftLanguageModes: [.v6]
)
