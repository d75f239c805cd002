public import Wire

// While objects are still being read, some names are complete already: a Service alone makes them.
// Those that its slices make are not: more of them may be still to come.
extension ClusterIndex {
  /// Whether `answer`, which a lookup of `name` has just given, cannot change by what is still to be
  /// read.
  ///
  /// - Parameter zoneLabels: of the zone that `name` lies in.
  public func isSettled(
    _ answer: Answer, _ name: borrowing QueryName, zoneLabels: Int, isReverse: Bool
  ) -> Bool {
    if case .nameError = answer { return false }
    if case .startOfAuthority = answer { return true }
    if case .nameServers = answer { return true }
    return isReverse ? isSettled(ReverseName.read(name)) : isSettled(name, zoneLabels: zoneLabels)
  }

  private func isSettled(_ name: borrowing QueryName, zoneLabels: Int) -> Bool {
    let left = name.labelCount - zoneLabels
    guard left >= 3, name.label(left - 1, is: "svc") else { return true }
    guard let service = service(name.labels((left - 3)..<(left - 1))), !service.isHeadless else {
      return false
    }
    // One label left of a service without an underscore may be an endpoint's name, still to come.
    return left != 4 || name.label(0)[0] == UInt8(ascii: "_")
  }

  /// An address of a Service has one name, others may get more.
  private func isSettled(_ name: ReverseName) -> Bool {
    guard case .address(let address) = name else { return true }
    guard let record = AddressKey(address).withOctets({ addresses.find($0) }) else { return false }
    return AddressRecord(record: record).isOfService
  }
}
