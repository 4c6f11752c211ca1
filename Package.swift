// swift-tools-version: 6.1
import PackageDescription

// The targets stand in flow order: read top to bottom, this is the table of contents.

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-warnings-as-errors"]),
]

let package = Package(
  name: "bellwether",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "bellwether", targets: ["bellwether"]),
    .executable(name: "bellwether-measure", targets: ["Measure"]),
    .executable(name: "bellwether-measure-engine", targets: ["MeasureEngine"]),
    .executable(name: "bellwether-measure-revenue", targets: ["MeasureRevenue"]),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    // What Hummingbird's own interface is written in; both are built for it anyway.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
  ],
  targets: [
    // What the product speaks of, and how its files are read.
    .target(name: "Events", swiftSettings: strict),
    .target(name: "ConfigFiles", dependencies: ["Events", "Yams"], swiftSettings: strict),

    // The functional core: no clock, no input or output.
    .target(name: "Features", dependencies: ["Events"], swiftSettings: strict),
    .target(name: "Revenue", dependencies: ["Events"], swiftSettings: strict),
    .target(name: "Rules", dependencies: ["Events", "ConfigFiles", "Features", "Revenue"], swiftSettings: strict),
    .target(name: "Engine", dependencies: ["Events", "ConfigFiles", "Features", "Revenue", "Rules"], swiftSettings: strict),

    // Tests of rules in business terms.
    .target(name: "RuleTrials", dependencies: ["Events", "ConfigFiles", "Features", "Revenue", "Rules", "Engine"], swiftSettings: strict),

    // The imperative shell.
    .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(
      name: "Store",
      dependencies: [
        "Events", "Features", "Engine", .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      resources: [.embedInCode("Migrations")],
      swiftSettings: strict),
    .systemLibrary(name: "CLibarchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .target(name: "Transport", dependencies: ["CLibcurl"], swiftSettings: strict),
    .target(
      name: "Feeds", dependencies: ["CLibarchive", "Events", "ConfigFiles", "Transport"],
      swiftSettings: strict),
    .target(
      name: "Delivery",
      dependencies: [
        "CLibcrypto", "Events", "ConfigFiles", "Engine", "Store", "Transport", .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: strict),
    .target(
      name: "Console",
      dependencies: [
        .product(name: "Hummingbird", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ], swiftSettings: strict),

    // A company to practise on, and the binary.
    .target(
      name: "Simulation",
      dependencies: [
        "Events", .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "HTTPTypes", package: "swift-http-types"),
      ], swiftSettings: strict),
    .executableTarget(
      name: "bellwether",
      dependencies: [
        "CLinux", "Events", "ConfigFiles", "Features", "Revenue", "Rules", "Engine", "RuleTrials", "Store", "Transport", "Feeds",
        "Delivery", "Console",
        "Simulation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ], swiftSettings: strict),

    // What Benchmarks/run times.
    .executableTarget(
      name: "Measure",
      dependencies: [
        "Events", "ConfigFiles", "Store", "Transport", "Feeds", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks/Measure", swiftSettings: strict),

    .executableTarget(
      name: "MeasureEngine", dependencies: ["Events", "ConfigFiles", "Features", "Rules", "Engine"], path: "Benchmarks/MeasureEngine",
      swiftSettings: strict),

    .executableTarget(
      name: "MeasureRevenue", dependencies: ["Events", "Revenue"], path: "Benchmarks/MeasureRevenue", swiftSettings: strict),

    // Tests mirror the sources; acceptance tests drive the built binary over real sockets.
    .testTarget(name: "EventsTests", dependencies: ["Events"], swiftSettings: strict),
    .testTarget(name: "ConfigFilesTests", dependencies: ["Events", "ConfigFiles"], swiftSettings: strict),
    .testTarget(name: "FeaturesTests", dependencies: ["Events", "Features"], swiftSettings: strict),
    .testTarget(
      name: "RevenueTests", dependencies: ["Events", "Revenue", .product(name: "GRDB", package: "GRDB.swift")], swiftSettings: strict),
    .testTarget(
      name: "RulesTests", dependencies: ["Events", "ConfigFiles", "Features", "Revenue", "Rules"], swiftSettings: strict),
    .testTarget(
      name: "EngineTests", dependencies: ["Events", "ConfigFiles", "Features", "Revenue", "Rules", "Engine"], swiftSettings: strict),
    .testTarget(
      name: "RuleTrialsTests", dependencies: ["Events", "ConfigFiles", "Revenue", "Rules", "Engine", "RuleTrials"], swiftSettings: strict),
    .testTarget(
      name: "StoreTests",
      dependencies: [
        "CLibcrypto", "Events", "ConfigFiles", "Features", "Rules", "Engine", "Store", .product(name: "GRDB", package: "GRDB.swift"),
      ], swiftSettings: strict),
    .testTarget(name: "TransportTests", dependencies: ["Transport"], resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "FeedsTests", dependencies: ["CLibarchive", "Events", "ConfigFiles", "Feeds", "Transport"], exclude: ["Fixtures"],
      swiftSettings: strict),
    .testTarget(
      name: "DeliveryTests",
      dependencies: [
        "Events", "ConfigFiles", "Engine", "Store", "Transport", "Delivery", .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: strict),
    .testTarget(
      name: "SimulationTests", dependencies: ["Events", "Simulation", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .testTarget(
      name: "HostileVendorTests",
      dependencies: ["Events", "ConfigFiles", "Feeds", "Store", "Transport", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: strict),
    .testTarget(
      name: "AcceptanceTests",
      dependencies: [
        "bellwether", "Events", "ConfigFiles", "Features", "Rules", "Engine", "Store", "Transport", "Delivery", "Simulation",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      ], swiftSettings: strict),
  ]
)
