import ConfigFiles
import Feeds
import Foundation

/// The shipped feeds, read once; `FUZZ_FEEDS` names their folder.
private let target: FuzzedBody = {
  let folder = ProcessInfo.processInfo.environment["FUZZ_FEEDS"] ?? "config/feeds"
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  let feeds = names.filter { $0.hasSuffix(".yaml") }.sorted().compactMap { name -> Connector? in
    guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) else { return nil }
    var diagnostics = Diagnostics()
    return Connector(file: SourceFile(path: name, text: text), environment: Environment([:]), into: &diagnostics)
  }
  precondition(!feeds.isEmpty, "no feed in \(folder): set FUZZ_FEEDS")
  return FuzzedBody(feeds: feeds)
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  do {
    try target.check(Array(UnsafeBufferPointer(start: start, count: count)))
  } catch {
    fatalError("\(error)")
  }
  return 0
}

/// libFuzzer's own `main`, by the name it has for programs that bring theirs (FuzzerDriver.cpp).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

/// SwiftPM makes this name of the module's the program's `main`.
@_cdecl("Fuzz_main")
public func fuzzMain(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments) { fuzzOneInput($0, $1) }
}
