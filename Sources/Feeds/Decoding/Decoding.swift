/// How a body becomes records: what it is wrapped in, outermost first, and what its text is.
package struct Decoding: Sendable, Equatable {
  /// What a body may be wrapped in.
  package enum Wrapping: String, Sendable, CaseIterable {
    /// An archive, whose entries are read one after another, each as if it were a body of its own.
    case zip
    /// One or more gzip members, one after another; gzip inside gzip is taken off with it.
    case gzip
  }

  /// What stands inside.
  package enum Format: String, Sendable, CaseIterable {
    /// One document: the record is the whole of it.
    case json
    /// One record a line.
    case jsonl
    /// RFC 4180 with a header line: each row is an object of texts, named by the header.
    case csv
  }

  package var wrappings: [Wrapping]
  package var format: Format

  package init(wrappings: [Wrapping] = [], format: Format = .json) {
    self.wrappings = wrappings
    self.format = format
  }

  /// The most wrappings one body may have.
  package static let wrappingLimit = 4

  /// Whether bodies are read piece by piece, and so belong into a file while they are downloaded (`HTTPRequest.Spool`).
  package var isStreamed: Bool { !wrappings.isEmpty || format != .json }

  /// Reads a feed file's `decode:`, such as `[zip, gzip, jsonl]`; without a format at its end the format is JSON.
  package init(layers: [String]) throws(Fault) {
    let format = layers.last.flatMap(Format.init(rawValue:))
    let names = format == nil ? layers[...] : layers.dropLast()
    var wrappings: [Wrapping] = []
    for name in names {
      guard let wrapping = Wrapping(rawValue: name) else {
        throw Format(rawValue: name) == nil ? Fault.unknown(name) : Fault.notLast(name)
      }
      if wrapping == .zip, wrappings.contains(.zip) { throw Fault.twoArchives }
      wrappings.append(wrapping)
    }
    guard wrappings.count <= Self.wrappingLimit else { throw Fault.tooMany }
    self.init(wrappings: wrappings, format: format ?? .json)
  }

  /// What is wrong with a list of layers.
  package enum Fault: Error, Equatable, Sendable, CustomStringConvertible {
    case unknown(String)
    case notLast(String)
    case twoArchives
    case tooMany

    package var description: String {
      switch self {
      case .unknown(let name): "\(name) is no layer; known are zip, gzip, json, jsonl and csv"
      case .notLast(let name): "\(name) must stand last: it is what the other layers are wrapped around"
      case .twoArchives: "only one layer may be zip"
      case .tooMany: "at most \(Decoding.wrappingLimit) layers may stand before the format"
      }
    }
  }
}

/// How much one body may hold. What is beyond is refused with an error that names the limit.
package struct DecodingLimits: Sendable {
  /// Bytes that come out of any one layer, over all entries: an archive made to fill the disk or the day is refused.
  package var decodedBytes = 32 * 1024 * 1024 * 1024
  /// Entries of an archive.
  package var entries = 10_000
  /// Bytes of one line or row, without its end.
  package var recordBytes = 1024 * 1024
  /// Bytes of a whole JSON document.
  package var documentBytes = RequestTemplate.pageByteLimit
  /// Bytes of text after which a page of records is over, however few they are: what bounds memory where lines are long.
  package var pageBytes = 4 * 1024 * 1024

  package init() {}
}
