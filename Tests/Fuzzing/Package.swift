// swift-tools-version: 6.1
import PackageDescription

// The decode and mapping layers, and the rules, under libFuzzer. It bears the product's name, so that `package` declarations are within reach, and
// compiles the product's own sources once more, with coverage and the address sanitizer in them.

let sanitized: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"]),
]

let package = Package(
  name: "bellwether",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
  targets: [
    .target(name: "Events", swiftSettings: sanitized),
    .target(name: "ConfigFiles", dependencies: ["Events", "Yams"], swiftSettings: sanitized),
    .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl"),
    .systemLibrary(name: "CLibarchive", pkgConfig: "libarchive"),
    .target(name: "Transport", dependencies: ["CLibcurl"], swiftSettings: sanitized),
    .target(
      name: "Feeds", dependencies: ["CLibarchive", "Events", "ConfigFiles", "Transport"], swiftSettings: sanitized),
    .target(name: "Features", dependencies: ["Events"], swiftSettings: sanitized),
    .target(name: "Revenue", dependencies: ["Events"], swiftSettings: sanitized),
    .target(name: "Rules", dependencies: ["Events", "ConfigFiles", "Features", "Revenue"], swiftSettings: sanitized),
    .target(name: "Engine", dependencies: ["Events", "ConfigFiles", "Features", "Revenue", "Rules"], swiftSettings: sanitized),
    .executableTarget(
      name: "FuzzRules", dependencies: ["Events", "ConfigFiles", "Features", "Rules", "Engine"], path: "FuzzRules",
      swiftSettings: sanitized, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
    .executableTarget(
      name: "Fuzz", dependencies: ["Events", "ConfigFiles", "Transport", "Feeds"], path: "Fuzz", swiftSettings: sanitized,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
)
