// select and exec (language reference §3).

#include "syntax/constants.h"
#include "syntax/parser.h"

namespace pelorus::syntax {

bool Parser::at_query() const {
  const Token& token = peek();
  const Token& next = peek(1);
  if (is_keyword(token, "with")) {
    return next.is_word() && (is_keyword(peek(2), "as") || peek(2).is("("));
  }
  if (!is_keyword(token, "select") && !is_keyword(token, "exec")) return false;
  return !next.is("=") && !next.is(".") && !next.is(",") && !next.is(")") && next.kind != TokenKind::kEnd;
}

/// Words that end an expression inside a query.
bool Parser::is_sql_terminator(const Token& token) const {
  if (!token.is_word()) return false;
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    for (const auto word : words) {
      if (is_keyword(token, word)) return true;
    }
    return false;
  };
  if (is_one_of({"as", "else", "catch"})) return true;
  if (queries_ == 0) return false;
  const size_t index = static_cast<size_t>(&token - tokens_.data());
  const Token& next = tokens_[std::min(index + 1, tokens_.size() - 1)];
  if (is_one_of({"from", "where", "having"})) return true;
  if (is_one_of({"csort", "limit"})) return !next.is("(") || next.space_before;
  if (is_one_of({"union", "asc", "desc", "nulls"})) return !next.is("(");
  if (is_one_of({"order", "group", "context", "pivot", "cgroup"})) return is_keyword(next, "by");
  if (is_keyword(token, "partition")) return is_keyword(next, "by");
  if (is_keyword(token, "map"))
    return next.newline_before || next.kind == TokenKind::kEnd || next.is(")") || next.is(";") || next.is(">");
  if (in_case_ && is_one_of({"when", "then", "end"})) return true;
  if (in_over_ && is_one_of({"rows", "range"})) return true;
  return in_from_ &&
         (is_one_of({"on", "join"}) || (is_one_of({"left", "right", "full", "inner", "cross"}) && next.is_word()));
}

bool Parser::at_clause(std::string_view first, std::string_view second) const {
  if (!at_keyword(first)) return false;
  if (!second.empty()) return at_keyword(second, 1) && !peek(1).newline_before;
  const Token& next = peek(1);
  return !ends_line(peek()) || !(is_assignment(next) || next.is(".") || next.is("[") || next.is(","));
}

bool Parser::accept_clause(std::string_view first, std::string_view second) {
  if (!at_clause(first, second)) return false;
  at_ += second.empty() ? 1 : 2;
  return true;
}

std::vector<ExprRef> Parser::parse_expr_list() {
  std::vector<ExprRef> list;
  do {
    list.push_back(parse_expr());
  } while (accept(","));
  return list;
}

ExprRef Parser::parse_query() {
  Setting<int> queries(&queries_, queries_ + 1);
  Setting<bool> in_from(&in_from_, false);
  auto query = make<Query>(peek());
  std::unordered_set<std::string> outer_names = with_names_;
  if (at_keyword("with")) parse_with(query.get());
  if (peek().is("(")) {  // with … (select …) union (select …)
    ExprRef inner = parse_parenthesis();
    const Query* core = as<Query>(inner);
    if (core == nullptr) fail("A query expected after 'with'.");
    auto merged = std::make_shared<Query>(*core);
    merged->with = query->with;
    with_names_ = std::move(outer_names);
    return merged;
  }
  if (!at_keyword("select") && !at_keyword("exec"))
    fail("'select' or 'exec' expected, but found " + describe(peek()) + ".");
  parse_select(query.get());
  ExprRef result = at_keyword("union") ? parse_unions(std::move(query)) : ExprRef(std::move(query));
  with_names_ = std::move(outer_names);
  return result;
}

void Parser::parse_with(Query* query) {
  take();
  do {
    Query::With with;
    with.name = expect_word("A name after 'with'");
    if (accept("(")) {
      do {
        with.columns.push_back(expect_word("A column name"));
      } while (accept(","));
      expect(")", "after the column names");
    }
    expect_keyword("as", "after the name of 'with'");
    const Token& at = peek();
    ExprRef inner = parse_parenthesis();
    if (inner->kind != ExprKind::kQuery) fail_at(at, "A query in parentheses expected after 'as'.");
    with.query = std::static_pointer_cast<const Query>(inner);
    with_names_.insert(with.name);
    query->with.push_back(std::move(with));
  } while (accept(","));
}

/// From `select` on, one core with its clauses.
void Parser::parse_select(Query* query) {
  query->is_exec = at_keyword("exec");
  take();
  parse_hints(query);
  // distinct(x) is the function, distinct (x) the keyword before an item.
  const bool is_call = peek(1).is("(") && !peek(1).space_before;
  query->distinct = at_keyword("distinct") && !is_call && accept_keyword("distinct");
  parse_top(query);
  query->items = parse_items();
  if (accept_clause("from")) {
    Setting<bool> in_from(&in_from_, true);
    query->from = parse_source();
  }
  while (parse_clause(query)) {
  }
}

void Parser::parse_hints(Query* query) {
  while (peek().is("[")) {
    const Token& hint = peek(1);
    const bool is_number = hint.kind == TokenKind::kConstant && hint.value.type() == types::Type::kInt &&
                           !hint.value.is_null() && peek(2).is("]");
    if (!is_number && !(hint.is_word() && hint.text.starts_with("HINT_"))) return;
    take();
    do {
      const Token& token = take();
      const auto known = token.is_word()                           ? find_hint(token.text)
                         : token.value.type() == types::Type::kInt ? std::optional<int>(token.value.get<int32_t>())
                                                                   : std::nullopt;
      if (!known) fail_at(token, "Unknown hint " + describe(token) + ".");
      query->hints |= *known;
    } while (accept(","));
    expect("]", "after the hint");
  }
}

void Parser::parse_top(Query* query) {
  if (!at_keyword("top")) return;
  const Token& next = peek(1);
  if (next.is(",") || next.is("=") || is_keyword(next, "from") || is_keyword(next, "as") || next.is("(")) return;
  take();
  const auto number = [this]() -> ExprRef {
    const Token& token = peek();
    const bool negative = token.is("-");
    const Token& constant = negative ? peek(1) : token;
    if (constant.kind != TokenKind::kConstant || !types::is_integral(constant.value.type()) ||
        constant.value.is_null()) {
      fail("integer constant expected after keyword top");
    }
    auto node = make<Literal>(token);
    const int64_t value = constant.value.as_int64();
    node->value = types::Scalar::of_long(negative ? -value : value);
    at_ += negative ? 2 : 1;
    return node;
  };
  query->top = number();
  if (accept(":")) {
    auto pair = std::make_shared<PairLiteral>();
    pair->from = query->top;
    pair->to = number();
    query->top = std::move(pair);
  }
}

std::vector<ExprRef> Parser::parse_items() {
  std::vector<ExprRef> items;
  do {
    items.push_back(parse_item());
  } while (accept(","));
  return items;
}

/// *, col1...col5, expr [[as] alias].
ExprRef Parser::parse_item() {
  const Token& token = peek();
  if (token.is("*") && !at_template_sign(1)) {
    take();
    return make<Star>(token);
  }
  if (token.is_word() && peek(1).is("...") && peek(2).is_word()) {
    const auto split = [](const std::string& text) { return text.find_last_not_of("0123456789") + 1; };
    const size_t from = split(token.text);
    const size_t to = split(peek(2).text);
    const bool same = token.text.substr(0, from) == peek(2).text.substr(0, to);
    if (!same || from == token.text.size() || to == peek(2).text.size() || token.text.size() - from > 6 ||
        peek(2).text.size() - to > 6) {
      fail("A column range needs two names that differ in their number, as in col1...col9.");
    }
    auto range = make<ColumnRange>(token);
    range->prefix = token.text.substr(0, from);
    range->from = std::stoi(token.text.substr(from));
    range->to = std::stoi(peek(2).text.substr(to));
    at_ += 3;
    return parse_aliased(std::move(range));
  }
  ExprRef value = parse_expr();
  if (at_keyword("as")) return parse_aliased(std::move(value));
  const Token& alias = peek();
  if (!alias.is_word() || ends_line(alias) || is_sql_terminator(alias) || (in_from_ && is_keyword(alias, "set")))
    return value;
  auto node = make<Alias>(alias);
  node->value = std::move(value);
  node->names.push_back(take().text);
  return node;
}

bool Parser::parse_clause(Query* query) {
  const auto group = [&](Grouping grouping) {
    if (query->grouping != Grouping::kNone) fail("A query can have only one of group by, context by and pivot by.");
    query->grouping = grouping;
    query->keys = parse_items();
  };
  if (accept_clause("where")) {
    query->where = parse_expr_list();
  } else if (accept_clause("group", "by")) {
    group(Grouping::kGroupBy);
  } else if (accept_clause("context", "by")) {
    group(Grouping::kContextBy);
  } else if (accept_clause("pivot", "by")) {
    group(Grouping::kPivotBy);
  } else if (accept_clause("cgroup", "by")) {
    query->cumulative_keys = parse_items();
  } else if (accept_clause("csort")) {
    accept_keyword("by");
    query->csort = parse_order_keys();
  } else if (accept_clause("having")) {
    query->having = parse_expr();
  } else if (accept_clause("order", "by")) {
    query->order = parse_order_keys();
  } else if (accept_clause("limit")) {
    query->limit = parse_expr();
    if (accept(",")) {
      query->offset = std::move(query->limit);
      query->limit = parse_expr();
    }
  } else if (is_keyword(peek(), "map") && is_sql_terminator(peek())) {
    take();
    query->map = true;
  } else {
    return false;
  }
  return true;
}

std::vector<OrderKey> Parser::parse_order_keys() {
  std::vector<OrderKey> keys;
  do {
    OrderKey key;
    key.key = parse_expr();
    if (accept_keyword("desc")) {
      key.descending = true;
    } else {
      accept_keyword("asc");
    }
    if (at_keyword("nulls") && (at_keyword("first", 1) || at_keyword("last", 1))) {
      key.nulls_first = at_keyword("first", 1);
      at_ += 2;
    }
    keys.push_back(std::move(key));
  } while (accept(","));
  return keys;
}

/// query { union [all] query }: clauses after the last one order and limit the whole.
ExprRef Parser::parse_unions(std::shared_ptr<Query> query) {
  Setting<int> queries(&queries_, queries_ + 1);
  while (at_keyword("union")) {
    take();
    Query::Union part;
    part.all = accept_keyword("all");
    if (peek().is("(")) {
      const Token& at = peek();
      Setting<bool> is_part(&in_union_, true);
      ExprRef inner = parse_parenthesis();
      if (inner->kind != ExprKind::kQuery) fail_at(at, "A query expected after 'union'.");
      part.query = std::static_pointer_cast<const Query>(inner);
      query->unions.push_back(std::move(part));
      while (parse_clause(query.get())) {
      }
      continue;
    }
    if (!at_keyword("select") && !at_keyword("exec")) fail("A query expected after 'union'.");
    auto next = make<Query>(peek());
    parse_select(next.get());
    std::swap(query->order, next->order);
    std::swap(query->limit, next->limit);
    std::swap(query->offset, next->offset);
    part.query = std::move(next);
    query->unions.push_back(std::move(part));
  }
  return query;
}

// ------------------------------------------------------------------ from

SourceRef Parser::parse_source() {
  SourceRef left = parse_single_source();
  for (int count = 0;; ++count) {
    JoinKind kind{};
    const Token& at = peek();
    if (!parse_join_kind(&kind)) return left;
    if (count > kNestingMax) fail("Too many joins.");
    auto join = std::make_shared<Source>();
    join->place = at.place;
    join->kind = Source::Kind::kJoin;
    join->join = kind;
    join->left = std::move(left);
    join->right = parse_single_source();
    if (accept_keyword("on")) {
      join->on = parse_expr();
    } else if (kind == JoinKind::kInner) {
      join->join = JoinKind::kCross;  // join without on
    } else if (kind != JoinKind::kCross) {
      fail("'on' expected after the joined table.");
    }
    left = std::move(join);
  }
}

SourceRef Parser::parse_single_source() {
  auto source = std::make_shared<Source>();
  const Token& at = peek();
  source->place = at.place;
  source->table = parse_postfix();
  if (const Name* name = as<Name>(source->table); name != nullptr && in_code_ == 0 && name->slot < 0) {
    if (!with_names_.contains(name->name) && !is_variable(name->name) && !is_function(name->name)) {
      fail_at(at, "Can't recognize table " + name->name);
    }
  }
  if (accept_keyword("as")) {
    source->alias = expect_word("An alias after 'as'");
  } else if (peek().is_word() && !ends_line(peek()) && !is_sql_terminator(peek()) && !at_keyword("set")) {
    source->alias = take().text;
  }
  return source;
}

bool Parser::parse_join_kind(JoinKind* kind) {
  size_t words = 0;
  if (at_keyword("join")) {
    *kind = JoinKind::kInner;
    words = 1;
  } else {
    const std::pair<std::string_view, JoinKind> kKinds[] = {{"inner", JoinKind::kInner},
                                                            {"left", JoinKind::kLeft},
                                                            {"right", JoinKind::kRight},
                                                            {"full", JoinKind::kFull},
                                                            {"cross", JoinKind::kCross}};
    for (const auto& [word, value] : kKinds) {
      if (!at_keyword(word)) continue;
      *kind = value;
      size_t i = 1;
      if (at_keyword("outer", i)) ++i;
      if (value == JoinKind::kLeft && at_keyword("semijoin", i)) {
        *kind = JoinKind::kLeftSemi;
        words = i + 1;
        break;
      }
      if (value == JoinKind::kLeft && at_keyword("semi", i)) {
        *kind = JoinKind::kLeftSemi;
        ++i;
      }
      if (at_keyword("join", i)) words = i + 1;
    }
  }
  if (words == 0 && accept(",")) fail("A query can read from one table or join; write 'join' instead of ','.");
  at_ += words;
  return words > 0;
}

// ------------------------------------------------------------------ case, over

/// case when c then v … [else v] end; case x when v then r … compares x with each v.
ExprRef Parser::parse_case() {
  auto node = make<Case>(take());
  Setting<bool> in_case(&in_case_, true);
  Setting<int> queries(&queries_, queries_);
  ExprRef subject;
  if (!at_keyword("when")) subject = parse_expr();
  while (accept_keyword("when")) {
    ExprRef condition = parse_expr();
    if (subject) {
      auto equal = make<Binary>(peek());
      equal->op = BinaryOperator::kEqual;
      equal->left = subject;
      equal->right = std::move(condition);
      condition = std::move(equal);
    }
    expect_keyword("then", "after the condition of 'when'");
    node->branches.emplace_back(std::move(condition), parse_expr());
  }
  if (node->branches.empty()) fail("'when' expected after 'case'.");
  if (accept_keyword("else")) node->otherwise = parse_expr();
  expect_keyword("end", "to close 'case'");
  return node;
}

ExprRef Parser::parse_over(const ExprRef& expr) {
  const Call* call = as<Call>(expr);
  auto node = make<Over>(peek());
  node->function = as<Name>(call->function)->name;
  node->arguments = call->arguments;
  take();
  Bracket bracket(this);
  Setting<bool> in_over(&in_over_, true);
  expect("(", "after 'over'");
  if (accept_clause("partition", "by")) node->partition = parse_expr_list();
  if (accept_clause("order", "by")) node->order = parse_order_keys();
  if (at_keyword("rows") || at_keyword("range")) parse_frame(node.get());
  expect(")", "to close 'over'");
  return node;
}

void Parser::parse_frame(Over* over) {
  over->has_frame = true;
  over->unit = at_keyword("rows") ? FrameUnit::kRows : FrameUnit::kRange;
  take();
  if (!accept_keyword("between")) {
    over->from = parse_frame_bound();
    return;
  }
  over->from = parse_frame_bound();
  expect_keyword("and", "between the two bounds of the frame");
  over->to = parse_frame_bound();
}

FrameBound Parser::parse_frame_bound() {
  using Kind = FrameBound::Kind;
  FrameBound bound;
  if (accept_keyword("current")) {
    expect_keyword("row", "after 'current'");
    return bound;
  }
  const bool unbounded = accept_keyword("unbounded");
  if (!unbounded) {
    const Token& token = peek();
    if (token.kind != TokenKind::kConstant) fail("A number, 'unbounded' or 'current row' expected in the frame.");
    auto distance = make<Literal>(token);
    distance->value = take().value;
    bound.distance = std::move(distance);
  }
  const bool preceding = accept_keyword("preceding");
  if (!preceding) expect_keyword("following", "in the frame");
  bound.kind = preceding ? (unbounded ? Kind::kUnboundedPreceding : Kind::kPreceding)
                         : (unbounded ? Kind::kUnboundedFollowing : Kind::kFollowing);
  return bound;
}

}  // namespace pelorus::syntax
