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
