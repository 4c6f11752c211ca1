/// Reads a body of any size record by record, in bounded memory.
///
/// Make one for an answer and ask for pages until one is empty:
///
///     let reader = try RecordReader(EncodedBody(response), decoding: stream.decoding)
///     while true {
///       let page = try reader.next(limit: 1000)
///       if page.isEmpty { break }
///       …page.compactMap(\.json) and the faults among page…
///     }
///
/// With the format `json` each body or archive entry gives one record, the whole document. A failure ends the reader: every later
/// call throws it again. It is not `Sendable`: one task reads. Calls read from disk and unpack, but never wait for anybody.
package final class RecordReader {
  /// What becomes of a line that is no record.
  package enum BadLines: Sendable {
    /// It is a failure, as it should be in a vendor's answer, of which a line was lost. A CSV row that does not fit the header is
    /// given as a fault all the same.
    case refused
    /// It is given as a fault with its text, and so is the text of good lines, for a caller that finds fault with the record.
    case quarantined
  }

  private let decoding: Decoding
  private let limits: DecodingLimits
  private let badLines: BadLines
  private let entries: EntryReader
  private var parser: (any EntryParser)?
  private var failed: DecodeFailure?
  private var isOver = false

  package init(_ body: EncodedBody, decoding: Decoding, badLines: BadLines = .refused, limits: DecodingLimits = DecodingLimits()) {
    self.decoding = decoding
    self.limits = limits
    self.badLines = badLines
    entries = EntryReader(body, wrappings: decoding.wrappings, limits: limits)
  }

  /// The next records in their order: at most `limit`, and fewer where their text is long (`DecodingLimits.pageBytes`). Empty at
  /// the end, and only there.
  package func next(limit: Int) throws(DecodeFailure) -> [DecodedRecord] {
    if let failed { throw failed }
    do throws(DecodeFailure) {
      return try page(limit: limit)
    } catch {
      var failure = error
      failure.entry = failure.entry ?? entries.name
      failed = failure
      throw failure
    }
  }

  private func page(limit: Int) throws(DecodeFailure) -> [DecodedRecord] {
    var page: [DecodedRecord] = []
    var bytes = 0
    while page.count < limit, bytes < limits.pageBytes, !isOver {
      if parser == nil { parser = try nextParser() }
      guard let parser else {
        isOver = true
        break
      }
      guard let parsed = try parser.next() else {
        self.parser = nil
        continue
      }
      bytes += parsed.raw.count
      let raw = badLines == .quarantined ? parsed.raw : []
      page.append(DecodedRecord(content: parsed.content, entry: entries.name, line: parsed.line, raw: raw))
    }
    return page
  }

  private func nextParser() throws(DecodeFailure) -> (any EntryParser)? {
    guard let source = try entries.next() else { return nil }
    switch decoding.format {
    case .json: return JSONDocument(source, limits: limits)
    case .jsonl: return JSONLines(LineReader(source, limit: limits.recordBytes), badLines: badLines)
    case .csv: return CSVRows(LineReader(source, limit: limits.recordBytes), limit: limits.recordBytes)
    }
  }
}

/// Takes the wrappings off and gives what is inside: one source, or one for each entry of an archive.
final class EntryReader {
  /// The entry given last; nil where the body is no archive.
  private(set) var name: String?
  private let body: EncodedBody
  private let limits: DecodingLimits
  private let outer: ArraySlice<Decoding.Wrapping>
  private let inner: ArraySlice<Decoding.Wrapping>
  private let hasArchive: Bool
  private var zip: Archive?
  private var hasBegun = false

  init(_ body: EncodedBody, wrappings declared: [Decoding.Wrapping], limits: DecodingLimits) {
    self.body = body
    self.limits = limits
    let wrappings = body.isGzipped ? [.gzip] + declared : declared
    let place = wrappings.firstIndex(of: .zip)
    hasArchive = place != nil
    outer = wrappings[..<(place ?? wrappings.endIndex)]
    inner = place.map { wrappings[($0 + 1)...] } ?? []
  }

  func next() throws(DecodeFailure) -> (any ByteSource)? {
    if !hasBegun {
      hasBegun = true
      let source = try unwrap(BodySource(body), outer)
      guard hasArchive else { return source }
      zip = try Archive(.zip, over: source, limits: limits)
    }
    guard let zip, let entry = try zip.nextEntry() else { return nil }
    name = entry
    return try unwrap(zip, inner)
  }

  private func unwrap(_ source: any ByteSource, _ wrappings: ArraySlice<Decoding.Wrapping>) throws(DecodeFailure) -> any ByteSource {
    var source = source
    var last: Decoding.Wrapping?
    // One reader takes off all the gzip that there is, so that neighbours are one.
    for wrapping in wrappings where wrapping != last {
      source = try Archive(wrapping, over: source, limits: limits)
      last = wrapping
    }
    return source
  }
}
