/// Files packed without being made smaller: gzip (RFC 1952) over stored blocks (RFC 1951 §3.2.4), and zip with method 0.
enum StoredArchive {
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
      let block = rest.prefix(65_535)
      rest = rest.dropFirst(block.count)
      packed.append(rest.isEmpty ? 1 : 0)
      packed += little(block.count, 2) + little(~block.count & 0xFFFF, 2) + block
    } while !rest.isEmpty
    return packed + little(Int(crc32(bytes)), 4) + little(bytes.count, 4)
  }

  static func zip(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var packed: [UInt8] = []
    var directory: [UInt8] = []
    for file in files {
      let name = Array(file.name.utf8)
      let sizes = little(Int(crc32(file.bytes)), 4) + little(file.bytes.count, 4) + little(file.bytes.count, 4)
      let common =
        little(20, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0x5C21, 2) + sizes + little(name.count, 2) + little(0, 2)
      directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4)
      directory += little(packed.count, 4) + name
      packed += little(0x0403_4B50, 4) + common + name + file.bytes
    }
    let end = little(0x0605_4B50, 4) + little(0, 2) + little(0, 2) + little(files.count, 2) + little(files.count, 2)
    return packed + directory + end + little(directory.count, 4) + little(packed.count, 4) + little(0, 2)
  }

  private static func little(_ number: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

  /// The checksum of both formats (RFC 1952 §8).
  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }
}
