public import Config
public import Wire

extension AddressFamily {
  /// The type of the addresses that are not of this family.
  public var otherType: RecordType { self == .ipv4 ? .aaaa : .a }
}
