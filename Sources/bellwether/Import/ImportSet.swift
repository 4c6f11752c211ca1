import ArgumentParser
import Delivery
import Events
import Feeds
import Foundation
import Store
import Transport

/// The files of one import, in the order they were named.
struct ImportSet: Sendable {
  struct File: Sendable {
    let path: String
    let size: Int64

    var isZipped: Bool { path.hasSuffix(".gz") }

    /// Its lines from the first on.
    ///
    /// - Throws: `FileFault`.
    func reader() throws -> RecordReader {
      var limits = DecodingLimits()
      limits.recordBytes = ImportSet.lineBytes
      return RecordReader(
        .file(try BodyFile(path: path)), decoding: Decoding(wrappings: isZipped ? [.gzip] : [], format: .jsonl), badLines: .quarantined,
        limits: limits)
    }
  }

  let files: [File]
  /// Differs as soon as a file's place, size or time of modification does.
  let digest: String

  /// The most bytes of a line.
  static let lineBytes = 4 << 20
  /// Lines read at a time.
  static let readAtOnce = 1_000

  /// - Throws: `WrongArgument` for what cannot be read twice.
  init(paths: [String]) throws {
    var files: [File] = []
    var description = ""
    for path in paths {
      let attributes = try? FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
      guard let attributes, FileManager.default.isReadableFile(atPath: path) else {
        throw WrongArgument("\(path) cannot be read. Check the name and its mode.")
      }
      guard attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? Int else {
        throw WrongArgument("\(path) is no regular file. An import reads its files twice: write it to a file first.")
      }
      let modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      description += "\(URL(fileURLWithPath: path).path)\n\(size) \(modified)\n"
      files.append(File(path: path, size: Int64(size)))
    }
    self.files = files
    digest = Digest.sha256(Array(description.utf8)).hexText
  }

  /// Bytes of all files; nil where one is zipped, since what its lines add up to is not known.
  var size: Int64? { files.contains(where: \.isZipped) ? nil : files.reduce(0) { $0 + $1.size } }

  /// The record on a line.
  ///
  /// - Throws: what is wrong with it, as a person should read it.
  static func record(_ line: DecodedRecord) throws -> Record {
    let json: JSON
    switch line.content {
    case .record(let found): json = found
    case .fault(let fault): throw LineFault(description: fault)
    }
    let record = try Record(importing: json, system: "import")
    for id in [record.id, record.account ?? "", record.person ?? ""] where id.utf8.count > StoreLimits.idBytes {
      throw LineFault(description: "\(record.kind.rawValue): an id of \(id.utf8.count) bytes; at most \(StoreLimits.idBytes) are stored")
    }
    // A byte of a line grows to six at most, as a control character does; most lines are too short for that to matter.
    if line.raw.count > StoreLimits.recordBytes / 6 {
      let size = record.body.serializedBytes().count
      guard size <= StoreLimits.recordBytes else {
        throw LineFault(description: "\(record.kind.rawValue): \(size) bytes; at most \(StoreLimits.recordBytes) are stored")
      }
    }
    return record
  }
}

/// Why a line is no record.
struct LineFault: Error, CustomStringConvertible {
  let description: String
}

/// The first pass over an import's files: is every line a record, and what is there.
struct ImportSurvey: Sendable {
  /// Faults kept before the rest are only counted.
  static let shownFaults = 20

  private(set) var faults: [String] = []
  private(set) var faultCount = 0
  private(set) var records: Int64 = 0
  /// The earliest record of each stream.
  private(set) var first: [ImportStream: Instant] = [:]

  init(of set: ImportSet) throws {
    var progress = ProgressLine.forCommand("checking", unit: "bytes", total: set.size)
    defer { progress.clear() }
    for file in set.files {
      let reader = try file.reader()
      while case let page = try reader.next(limit: ImportSet.readAtOnce), !page.isEmpty {
        for line in page {
          Failpoint.hit(.importedLine)
          check(line, of: file)
        }
        progress.show(page.reduce(0) { $0 + Int64($1.raw.count) + 1 })
      }
    }
  }

  private mutating func check(_ line: DecodedRecord, of file: ImportSet.File) {
    do {
      let record = try ImportSet.record(line)
      records += 1
      let stream = ImportStream(record)
      first[stream] = min(first[stream] ?? record.at, record.at)
    } catch {
      faultCount += 1
      if faults.count < Self.shownFaults { faults.append("\(file.path):\(line.line): \(error)") }
    }
  }
}
