/// RCODE mnemonics as CoreDNS prints them.
enum ResponseCodeNames {
  private static let names: [Int: String] = [
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
    6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI",
    16: "BADVERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG",
    22: "BADTRUNC", 23: "BADCOOKIE",
  ]

  /// For the log: the mnemonic, else the number.
  static func logged(_ code: Int) -> String {
    names[code] ?? String(code)
  }

  /// For the `rcode` label: the mnemonic, else `RCODE` and the number. Codes above 23 share one
  /// series, `other`: the sender of a reply chooses the number.
  static func label(_ code: Int) -> String {
    code >= Slot.responseCodes - 1 ? "other" : names[code] ?? "RCODE\(code)"
  }
}
