import Foundation
import Testing
import Transport

@Suite(.timeLimit(.minutes(10))) struct SpoolTests {
  let server: FaultyServer
  let client = CurlClient()
  let folder: ScratchFolder

  init() throws {
    server = try FaultyServer.shared.get()
    folder = try ScratchFolder()
  }

  private func request(_ path: String, _ change: (inout HTTPRequest.Spool) -> Void = { _ in }) -> HTTPRequest {
    var request = server.request(path)
    var spool = HTTPRequest.Spool(folder: folder.path)
    change(&spool)
    request.spool = spool
    return request
  }

  @Test(arguments: [1, 70_000, 3_000_000])
  func goodBodyComesInAFileWithoutAName(n: Int) async throws {
    let answer = try await client.send(request("bytes?n=\(n)"))
    let file = try #require(answer.spooled)
    #expect(answer.status == 200)
    #expect(answer.body.isEmpty)
    #expect(file.encoding == .identity)
    #expect(try whole(file) == [UInt8](repeating: UInt8(ascii: "b"), count: n))
    #expect(try folder.contents().isEmpty)
  }

  @Test func droppedFileGivesItsSpaceBack() async throws {
    var answer: HTTPResponse? = try await client.send(request("bytes?n=5000"))
    #expect(answer?.spooled?.count == 5000)
    #expect(openFiles(in: folder.path) == 1)
    answer = nil
    #expect(openFiles(in: folder.path) == 0)
  }

  @Test func gzipStaysInTheFile() async throws {
    let answer = try await client.send(request("gzip?n=1000000"))
    let file = try #require(answer.spooled)
    #expect(file.encoding == .gzip)
    #expect(file.count < 10_000)
    #expect(try whole(file).prefix(2) == [0x1F, 0x8B])
  }

  @Test func emptyBodyNeedsNoFile() async throws {
    let answer = try await client.send(request("bytes?n=0"))
    #expect(answer.spooled == nil)
    #expect(answer.body.isEmpty)
  }

  @Test func encodingNobodyAskedForIsRefused() async throws {
    let error = try #require(await failure(client, request("odd-encoding")))
    guard case .malformedAnswer = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(error.isTransient)
  }

  @Test(arguments: [(HTTPRequest.Spool.errorBodyCap, 503), (HTTPRequest.Spool.errorBodyCap + 1, 503), (3_000_000, 503)])
  func errorsBodyIsInMemoryUpToItsCap(n: Int, status: Int) async throws {
    let answer = try await client.send(request("error?n=\(n)"))
    #expect(answer.status == status)
    #expect(answer.spooled == nil)
    #expect(answer.body == [UInt8](repeating: UInt8(ascii: "e"), count: min(n, HTTPRequest.Spool.errorBodyCap)))
  }

  @Test func errorsBodyIsDecompressed() async throws {
    let answer = try await client.send(request("gzip-error?n=500"))
    #expect(answer.status == 400)
    #expect(text(answer) == String(repeating: "e", count: 500))
  }

  @Test func capHoldsAtTheLimitAndOnePastIt() async throws {
    #expect(try await client.send(request("bytes?n=100000") { $0.cap = 100_000 }).spooled?.count == 100_000)
    #expect(await failure(client, request("bytes?n=100000") { $0.cap = 99_999 })?.reason == .bodyTooLarge(cap: 99_999))
  }

  /// The request's own bounds are for bodies in memory.
  @Test func memoryBoundsDoNotApply() async throws {
    var request = request("bytes?n=100000")
    request.bodyCap = 10
    #expect(try await client.send(request).spooled?.count == 100_000)
  }

  @Test(arguments: ["cut?n=30000", "reset?n=30000", "chunks-cut?n=30000"])
  func shortBodyIsAnErrorThatMayPass(path: String) async throws {
    let error = try #require(await failure(client, request(path)))
    #expect(error.reason == .connectionLost(received: 30_000))
    #expect(error.isTransient)
    #expect(openFiles(in: folder.path) == 0)
  }

  @Test func silenceInTheBodyEndsIt() async throws {
    let error = try #require(await failure(client, request("stall?n=2000") { $0.idleTimeout = .seconds(2) }))
    #expect(error.reason == .stalled(after: .seconds(2), received: 2000))
    #expect(error.isTransient)
    #expect(error.description.contains("no byte came for 2 s, after 2000 bytes of body"))
  }

  @Test func silenceBeforeTheAnswerEndsIt() async throws {
    let error = await failure(client, request("hang") { $0.idleTimeout = .milliseconds(300) })
    #expect(error?.reason == .timeout(.answer, after: .milliseconds(300)))
  }

  /// A slow body is no silent one: it lives many idle times long, and ends with the total.
  @Test func slowBodyLivesUntilTheTotal() async throws {
    let started = ContinuousClock.now
    let slow = request("drip") {
      // Far from the pace of the body, so that a busy machine does not make it look silent.
      $0.idleTimeout = .seconds(3)
      $0.totalTimeout = .seconds(9)
    }
    #expect(await failure(client, slow)?.reason == .timeout(.body, after: .seconds(9)))
    #expect(started.duration(to: .now) >= .seconds(9))
  }

  @Test func folderThatIsNotThereIsNamed() async throws {
    let error = try #require(await failure(client, request("plain") { $0.folder = "/nowhere/at/all" }))
    #expect(error.reason == .spool(folder: "/nowhere/at/all", detail: "No such file or directory"))
    #expect(!error.isTransient)
  }

  @Test func fullDiskIsNamed() async throws {
    // A limit on this process's files would end other tests' writes: the limited process is one of its own.
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
      setrlimit(__rlimit_resource_t(UInt32(1)), &limit)
      let server = try FaultyServer()
      let folder = try ScratchFolder()
      var request = server.request("bytes?n=200000")
      request.spool = HTTPRequest.Spool(folder: folder.path)
      let error = try #require(await failure(CurlClient(), request))
      #expect(error.reason == .spool(folder: folder.path, detail: "File too large"))
      #expect(!error.isTransient)
    }
  }
}

@Suite struct BodyFileTests {
  @Test func fileIsReadByOffset() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/some.csv"
    try Data("0123456789".utf8).write(to: URL(fileURLWithPath: path))
    let file = try BodyFile(path: path)
    #expect(file.count == 10)
    var buffer = [UInt8](repeating: 0, count: 4)
    let counts = try [0, 7, 10, 99].map { offset in try buffer.withUnsafeMutableBytes { try file.read(at: offset, into: $0) } }
    #expect(counts == [4, 3, 0, 0])
    #expect(String(decoding: buffer.prefix(3), as: UTF8.self) == "789")
  }

  @Test(arguments: [("/nowhere", ENOENT), ("/tmp", EINVAL), ("/dev/null", EINVAL)])
  func whatIsNoFileIsRefused(path: String, number: Int32) {
    #expect { try BodyFile(path: path) } throws: { ($0 as? FileFault)?.number == number }
  }
}

/// A folder that goes with the object.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("transport-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }
}

/// Descriptors this process holds on files that stand, or once stood, in a folder.
private func openFiles(in folder: String) -> Int {
  let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
  let targets = descriptors.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
  return targets.filter { $0.hasPrefix(folder + "/") }.count
}

private func whole(_ file: BodyFile) throws -> [UInt8] {
  try [UInt8](unsafeUninitializedCapacity: file.count) { buffer, count in
    while count < file.count {
      let got = try file.read(at: count, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...]))
      guard got > 0 else { return }
      count += got
    }
  }
}
