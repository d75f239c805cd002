/// Seconds as RFC 3339 writes them in UTC: `2026-11-21T08:06:21Z`.
enum UTCTime {
  /// - Parameter seconds: Unix time, of the years 0 to 9999.
  static func text(_ seconds: Int64) -> String {
    let time = (Int(seconds) % 86_400 + 86_400) % 86_400
    let date = date((Int(seconds) - time) / 86_400)
    return padded(date.year, 4) + "-" + padded(date.month) + "-" + padded(date.day) + "T"
      + padded(time / 3600) + ":" + padded(time / 60 % 60) + ":" + padded(time % 60) + "Z"
  }

  /// Nil for any other form, and for days that there are not.
  static func seconds(_ text: String) -> Int64? {
    guard text.utf8.count == 20 else { return nil }
    let numbers = text.split { "-T:Z".contains($0) }.compactMap { Int($0) }
    guard numbers.count == 6 else { return nil }
    let time = numbers[3] * 3600 + numbers[4] * 60 + numbers[5]
    let seconds = Int64(days(numbers[0], numbers[1], numbers[2]) * 86_400 + time)
    return self.text(seconds) == text ? seconds : nil
  }

  private static func padded(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  // Years begin in March here, so that the leap day is the last of one; 719,468 days lie between
  // 0000-03-01 and 1970-01-01.

  /// Days since 1970-01-01.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let monthsFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthsFromMarch + 2) / 5 + day - 1
    return 365 * year + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }

  private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthsFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthsFromMarch < 10 ? monthsFromMarch + 3 : monthsFromMarch - 9
    return (
      400 * era + yearOfEra + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * monthsFromMarch + 2) / 5 + 1
    )
  }
}
