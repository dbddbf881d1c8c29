#include "stream/cep/listener.h"

#include <algorithm>

#include "base/script_error.h"
#include "functions/arguments.h"
#include "kernels/calendar.h"
#include "types/temporal.h"

namespace pelorus::stream {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kDaysAheadMax = 5 * 366;

struct Part {
  const char* name;
  int64_t from, to;
};
constexpr std::array<Part, Timetable::kParts> kPartRows{{{"seconds", 0, 59},
                                                         {"minutes", 0, 59},
                                                         {"hours", 0, 23},
                                                         {"days of the week", 0, 6},
                                                         {"days of the month", 1, 31},
                                                         {"months", 1, 12}}};

}  // namespace

Timetable::Timetable(const data::Value& at) {
  const auto refuse = [](const std::string& requirement) {
    functions::usage_error("addEventListener", "at " + requirement);
  };
  if (!at.is_vector() || at.vector().size() != kParts)
    refuse("must be a tuple of six: (seconds, minutes, hours, days of the week, days of the month, months).");
  for (size_t i = 0; i < kParts; ++i) {
    const auto part = at.vector().at(i);
    if (part.is_null()) continue;
    const auto elements = functions::elements_of(part);
    if (!elements || !types::is_integral((*elements)->type())) refuse("must hold whole numbers.");
    const auto numbers = functions::as_longs("addEventListener", *elements);
    for (const auto number : numbers->values<int64_t>()) {
      const auto& row = kPartRows[i];
      if (number < row.from || number > row.to)
        refuse("has " + std::to_string(number) + " among the " + row.name + ", which go from " +
               std::to_string(row.from) + " to " + std::to_string(row.to) + ".");
      parts_[i].push_back(number);
    }
  }
  if (parts_[0].empty()) refuse("must name the seconds.");
}

bool Timetable::allows(size_t part, int64_t number) const {
  const auto& numbers = parts_[part];
  return numbers.empty() || std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

std::optional<Moment> Timetable::after(Moment now) const {
  const Moment first = (now / kSecond + 1) * kSecond;
  const int64_t today = first / kDay;
  for (int64_t day = today; day < today + kDaysAheadMax; ++day) {
    const auto civil = types::civil_from_days(static_cast<int32_t>(day));
    const int64_t weekday = (day + 4) % 7;  // 1970-01-01 was a Thursday; Sunday is 0
    if (!allows(5, civil.month) || !allows(4, civil.day) || !allows(3, weekday)) continue;
    const int64_t from = day == today ? first % kDay / kSecond : 0;
    for (int64_t hour = from / 3600; hour < 24; ++hour) {
      if (!allows(2, hour)) continue;
      for (int64_t minute = 0; minute < 60; ++minute) {
        if (!allows(1, minute)) continue;
        for (int64_t second = 0; second < 60; ++second) {
          const int64_t of_day = (hour * 60 + minute) * 60 + second;
          if (of_day >= from && allows(0, second)) return day * kDay + of_day * kSecond;
        }
      }
    }
  }
  return std::nullopt;
}

Moment moment_after(Moment now, const data::Value& span) {
  const auto duration = span.scalar().get<types::Duration>();
  return kernels::add_duration(now, data::Type::kTimestamp, duration.count,
                               static_cast<types::DurationUnit>(duration.unit));
}

void Listener::schedule(Moment now) {
  if (kind == Kind::kAt) {
    due = timetable->after(now);
    if (!due) ended = true;
  } else if (is_timer()) {
    due = moment_after(now, span);
  }
}

}  // namespace pelorus::stream
