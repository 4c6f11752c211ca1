package import ConfigFiles
internal import Events
internal import Foundation

/// A refresh token that a vendor put in place of the configured one.
package struct KeptToken: Sendable {
  package let token: Secret
  /// The configured refresh token at that time: where ops have put in another since, that one wins.
  package let configured: Secret

  package init(token: Secret, configured: Secret) {
    self.token = token
    self.configured = configured
  }
}

/// The folder of refresh tokens, a file for each feed: outside the store and its backups, for this user's eyes only.
///
/// A vendor that rotates refresh tokens forgets the old one when it gives the new: losing it means authorising by hand. So it is written
/// beside the old one, flushed, and moved into its place, and the folder is flushed. At every moment of that a token can be read that is
/// whole: the old one, or as soon as it is whole on disk the new one.
///
/// All calls wait for the disk.
package struct TokenFolder: Sendable {
  package let path: String
  /// Called before each step of a write; what it throws ends the write there, as a kill would.
  private let before: @Sendable (Step) throws -> Void

  /// The steps of a write, in their order.
  package enum Step: CaseIterable, Sendable {
    case makeFolder, open, write, flush, move, flushFolder
  }

  package init(path: String, before: @escaping @Sendable (Step) throws -> Void = { _ in }) {
    self.path = path
    self.before = before
  }

  /// The most bytes of a token's file.
  static let fileByteLimit = 128 * 1024

  /// The token kept for a feed; nil where there is none.
  ///
  /// - Throws: `TokenFolderError` where there is one that cannot be read.
  package func read(_ feed: String) throws(TokenFolderError) -> KeptToken? {
    // A file that was written whole and never moved holds the newer token.
    if let bytes = try contents(fresh(feed)), let kept = Self.token(bytes) { return kept }
    guard let bytes = try contents(file(feed)) else { return nil }
    guard let kept = Self.token(bytes) else {
      throw TokenFolderError("\(file(feed)) holds no token", hint: "remove it and put a new refresh token into the feed's secret")
    }
    return kept
  }

  /// Writes a feed's token so that it survives a crash of the machine.
  package func write(_ kept: KeptToken, for feed: String) throws {
    try before(.makeFolder)
    try makeFolder()
    try before(.open)
    let text: JSON = ["refresh_token": .text(kept.token.revealed), "configured": .text(kept.configured.revealed)]
    try create(fresh(feed), holding: text.serializedBytes(), before)
    try before(.move)
    guard rename(fresh(feed), file(feed)) == 0 else { throw TokenFolderError.system("\(file(feed)) cannot be replaced") }
    try before(.flushFolder)
    try flushFolder()
  }

  /// Shows that a token could be written now, by writing something of its size; to be asked before a vendor is made to rotate one.
  package func prove(_ feed: String) throws {
    try makeFolder()
    // What a killed write left whole is the token in force: it goes to its place first.
    if let bytes = try contents(fresh(feed)), Self.token(bytes) != nil {
      guard rename(fresh(feed), file(feed)) == 0 else { throw TokenFolderError.system("\(file(feed)) cannot be replaced") }
    }
    let trial = file(feed) + ".trial"
    defer { unlink(trial) }
    try create(trial, holding: [UInt8](repeating: 0x20, count: 2 * TokenRequest.tokenByteLimit)) { _ in }
    try flushFolder()
  }

  /// Takes the right to refresh a feed's token, which one process has at a time; nil where another has it.
  ///
  /// The caller closes the descriptor, and the system does when the process ends.
  func lock(_ feed: String) throws -> Int32? {
    try makeFolder()
    let descriptor = open(file(feed) + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw TokenFolderError.system("\(file(feed)).lock cannot be opened") }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  private func file(_ feed: String) -> String { "\(path)/\(RequestTemplate.percentEncoded(feed)).json" }
  private func fresh(_ feed: String) -> String { file(feed) + ".new" }

  private func makeFolder() throws {
    var status = stat()
    if lstat(path, &status) != 0 {
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw TokenFolderError.system("\(path) cannot be made") }
      guard lstat(path, &status) == 0 else { throw TokenFolderError.system("\(path) cannot be looked at") }
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw TokenFolderError("\(path) is no folder", hint: "move it out of the way") }
    guard status.st_mode & 0o077 != 0 else { return }
    guard chmod(path, 0o700) == 0 else { throw TokenFolderError.system("\(path) is open to others and cannot be closed") }
  }

  private func create(_ path: String, holding bytes: [UInt8], _ before: (Step) throws -> Void) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw TokenFolderError.system("\(path) cannot be written") }
    defer { close(descriptor) }
    guard fchmod(descriptor, 0o600) == 0 else { throw TokenFolderError.system("\(path) cannot be closed to others") }
    try before(.write)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw TokenFolderError.system("\(path) cannot be written") }
      rest = rest.dropFirst(count)
    }
    try before(.flush)
    guard fsync(descriptor) == 0 else { throw TokenFolderError.system("\(path) cannot be written") }
  }

  private func flushFolder() throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TokenFolderError.system("\(path) cannot be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw TokenFolderError.system("\(path) cannot be written") }
  }

  private func contents(_ path: String) throws(TokenFolderError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw TokenFolderError.system("\(path) cannot be read")
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Self.fileByteLimit)
    var count = 0
    while count < bytes.count {
      let read = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count) }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw TokenFolderError.system("\(path) cannot be read") }
      if read == 0 { break }
      count += read
    }
    return Array(bytes.prefix(count))
  }

  /// Nil where the bytes are not a whole file.
  private static func token(_ bytes: [UInt8]) -> KeptToken? {
    guard let json = try? JSON(parsing: bytes), let token = json["refresh_token"].text, !token.isEmpty,
      let configured = json["configured"].text
    else { return nil }
    return KeptToken(token: Secret(token), configured: Secret(configured))
  }
}

/// Why the folder of tokens cannot be used; holds paths and no tokens.
package struct TokenFolderError: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String
  package let hint: String

  package init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }

  /// A call of the system that failed; to be made before anything else can change `errno`.
  static func system(_ message: String) -> TokenFolderError {
    TokenFolderError(
      "\(message) (\(String(cString: strerror(errno))))", hint: "check that this user may write there and that the disk has room")
  }

  package var description: String { "\(message); \(hint)" }
}
