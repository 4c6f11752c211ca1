import Glibc

extension String {
  /// The text a C function wrote to a buffer, up to its zero byte.
  init(terminated buffer: [CChar]) {
    self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The system's text for an `errno`.
  init(systemError number: Int32) {
    var buffer = [CChar](repeating: 0, count: 256)
    let isKnown = strerror_r(number, &buffer, buffer.count) == 0
    self = isKnown ? String(terminated: buffer) : "error \(number)"
  }
}
