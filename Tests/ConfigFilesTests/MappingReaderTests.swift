import ConfigFiles
import Events
import Testing

@Suite struct MappingReaderTests {
  private func reader(_ yaml: String, _ diagnostics: inout Diagnostics) throws -> MappingReader {
    let file = SourceFile(path: "config/feeds/x.yaml", text: yaml)
    let node = try #require(parse(file, into: &diagnostics))
    return try #require(MappingReader(node, what: "feed", into: &diagnostics))
  }

  @Test func readsTypedValues() throws {
    var faults = Diagnostics()
    var feed = try reader("name: x\nport: 80\non: true\npoll: 5m\nmode: fast\nlist: [a, b]\nmap: {k: v}\nempty:\n", &faults)
    #expect(feed.requiredText("name", into: &faults) == "x")
    #expect(feed.integer("port", in: 1...100, into: &faults) == 80)
    #expect(feed.flag("on", into: &faults) == true)
    #expect(feed.duration("poll", into: &faults) == .minutes(5))
    #expect(feed.choice("mode", among: ["fast", "slow"], into: &faults) == "fast")
    #expect(feed.list("list", into: &faults).map(\.text) == ["a", "b"])
    #expect(feed.mapping("map", into: &faults).map(\.name) == ["k"])
    #expect(feed.optional("empty") == nil)
    #expect(feed.optional("absent") == nil)
    feed.finish(into: &faults)
    #expect(faults.isEmpty, "\(faults.rendered())")
  }

  @Test func bracesWithoutQuotesAreKnownForWhatWasMeant() throws {
    for (yaml, hint) in [("name: {from}", "write \"{from}\""), ("name: {from: 1}", nil), ("name: [a]", nil)] as [(String, String?)] {
      var faults = Diagnostics()
      var feed = try reader(yaml + "\n", &faults)
      #expect(feed.text("name", into: &faults) == nil)
      #expect(faults.all.count == 1 && faults.all.first?.code == "BW0107")
      if let hint { #expect(faults.all.first?.hint?.contains(hint) == true, "\(faults.rendered())") }
      if hint == nil { #expect(faults.all.first?.hint == nil) }
    }
  }

  @Test(arguments: ["query: { start: {from}T00, end: x }", "start: {from}T00\nend: x", "list: [{record.id}-x]"])
  func aTextThatBeginsWithAPlaceholderIsToBeQuoted(yaml: String) throws {
    var faults = Diagnostics()
    _ = parse(SourceFile(path: "config/feeds/x.yaml", text: yaml + "\n"), into: &faults)
    #expect(faults.all.first?.code == "BW0101")
    #expect(faults.all.first?.hint?.contains("in quotes") == true, "\(faults.rendered())")
    #expect(faults.all.first?.hint?.contains(yaml.contains("record") ? "{record.id}" : "{from}") == true, "\(faults.rendered())")
  }

  @Test func reportsAllFaultsAtOnce() throws {
    var faults = Diagnostics()
    var feed = try reader("nmae: x\nport: 0\non: yes\npoll: 5 minutes\nmode: fsat\nlist: a\nmap: [k]\n", &faults)
    #expect(feed.requiredText("name", into: &faults) == "x", "read on under the name that was meant")
    #expect(feed.integer("port", in: 1...100, into: &faults) == nil)
    #expect(feed.flag("on", into: &faults) == nil)
    #expect(feed.duration("poll", into: &faults) == nil)
    #expect(feed.choice("mode", among: ["fast", "slow"], into: &faults) == nil)
    #expect(feed.list("list", into: &faults).isEmpty)
    #expect(feed.mapping("map", into: &faults).isEmpty)
    feed.finish(into: &faults)
    #expect(faults.all.map(\.code).sorted() == ["BW0105", "BW0107", "BW0107", "BW0107", "BW0107", "BW0108", "BW0109"])
    #expect(faults.all.first { $0.code == "BW0105" }?.hint == "did you mean name?")
    #expect(faults.all.first { $0.code == "BW0109" }?.hint == "did you mean fast?")
    #expect(faults.all.allSatisfy { !$0.rendered().isEmpty })
  }

  @Test(arguments: ["- a\n", "just a text\n"])
  func refusesWhatIsNoMapping(yaml: String) throws {
    var faults = Diagnostics()
    let node = try #require(parse(SourceFile(path: "x", text: yaml), into: &faults))
    #expect(MappingReader(node, what: "feed", into: &faults) == nil)
    #expect(faults.all.map(\.code) == ["BW0107"])
  }

  @Test(
    arguments: [
      ("90s", 90), ("5m", 300), ("12h", 43_200), ("28d", 2_419_200), ("2w", 1_209_600), ("0s", 0), ("36500d", 3_153_600_000),
      ("36501d", nil),
      ("5", nil), ("m", nil), ("-5m", nil), ("+5m", nil), ("5 m", nil), ("1.5h", nil), ("5min", nil), ("", nil),
      ("99999999999999999999d", nil),
      ("9223372036854775807w", nil),
    ] as [(String, Int64?)])
  func readsDurations(text: String, seconds: Int64?) {
    #expect(Span(literal: text) == seconds.map(Span.seconds))
  }

  @Test(arguments: ["90s", "5m", "12h", "29d", "2w", "0s"])
  func writesDurationsBack(text: String) {
    #expect(Span(literal: text)?.literal == text)
  }
}
