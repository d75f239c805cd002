import IO

/// What becomes of the addresses listened on when the configuration changes: one that stays keeps
/// its sockets.
struct AddressChange: Hashable {
  /// To open before anything else is touched.
  let opened: Set<SocketAddress>
  /// Whose blocks may be others from now on.
  let kept: Set<SocketAddress>
  /// To close after their last answers.
  let closed: Set<SocketAddress>

  init(from old: some Sequence<SocketAddress>, to new: some Sequence<SocketAddress>) {
    let (old, new) = (Set(old), Set(new))
    opened = new.subtracting(old)
    kept = new.intersection(old)
    closed = old.subtracting(new)
  }
}
