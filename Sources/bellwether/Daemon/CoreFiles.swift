import CLinux
import Foundation

/// The process holds credentials, so a crash must not write its memory anywhere.
enum CoreFiles {
  /// Forbids core files of this process, whatever the limits it was started with allow.
  ///
  /// The limit keeps the kernel from writing one; being undumpable also keeps the memory from a handler that the kernel pipes it to.
  static func forbid() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0, shim_set_undumpable() == 0 else {
      return StandardError.print("core files cannot be forbidden: a crash may leave credentials on disk; set LimitCORE=0")
    }
  }
}
