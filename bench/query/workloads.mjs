// The questions of the query benchmark: what is asked of us, of DuckDB and of chDB. Each gives one row of checksums; where the
// dialect of a peer cannot say it, that peer sits the question out. The tables are made by compare_workloads.mjs:
//   quotes(symbol, ts, bid, ofr, bidsiz, ofrsiz, mode, ex)   trades(symbol, ts, price, size, cond, ex)
//   readings(ts, device, cpu, mem, disk, bytes_in, bytes_out, temp, status, lat, lon, noise)   g1(id1 … id6, v1, v2, v3)
const busy = 'PD', middling = 'SC', day = '2024-01-04', our_day = '2024.01.04';
const ten = ['PD', 'GG', 'JF', 'NT', 'SC', 'SW', 'LQ', 'EF', 'NR', 'FF'];
const sql_ten = ten.map(symbol => `'${symbol}'`).join(', '), our_ten = ten.map(symbol => '`' + symbol).join('');
const eight = [3, 77, 190, 255, 400, 512, 700, 999].join(', ');
const moment = (time, scale) => `toDateTime64('${day} ${time}', ${scale}, 'UTC')`;
const minute = 'bar(ts, 60s)', duck_minute = "date_trunc('minute', ts)", ch_minute = 'toStartOfMinute(ts)';

/// goal: the ratio to the better peer that a first release wants.
const ask = (w, id, goal, set, ours, duckdb, chdb = duckdb) => ({ w, id, goal, set, ours, duckdb, chdb });
/// Tables of each set; those of the sets in `stored` lie on disk, in partitions.
export const sets = { market: ['quotes', 'trades'], iot: ['readings'], g1: ['g1'], stored_market: ['quotes'], stored_iot: ['readings'] };
export const stored = ['stored_market', 'stored_iot'];
export const workloads = [
  ask('W4', 'point_day', 5, 'stored_market', `select count(*), sum(bid), max(ofr) from quotes where date(ts) = ${our_day}, symbol = \`${middling}`,
    `select count(*), sum(bid), max(ofr) from quotes where symbol = '${middling}' and ts >= '${day}'::timestamp and ts < '${day}'::timestamp + interval 1 day`,
    `select count(*), sum(bid), max(ofr) from quotes where symbol = '${middling}' and ts >= ${moment('00:00:00', 9)} and ts < ${moment('00:00:00', 9)} + interval 1 day`),
  ask('W4', 'last_one', 5, 'stored_market', `select last(bid), last(ofr) from quotes where symbol = \`${middling}`,
    `select bid, ofr from quotes where symbol = '${middling}' order by ts desc limit 1`),
  ask('W4', 'last_all', 5, 'stored_market', 'select count(*), sum(bid) from (select symbol, bid from quotes context by symbol csort ts limit -1)',
    'select count(*), sum(b) from (select symbol, arg_max(bid, ts) b from quotes group by symbol)',
    'select count(*), sum(b) from (select symbol, argMax(bid, ts) b from quotes group by symbol)'),
  ask('W4', 'iot_last', 5, 'stored_iot', 'select count(*), sum(cpu) from (select device, cpu from readings context by device csort ts limit -1)',
    'select count(*), sum(c) from (select device, arg_max(cpu, ts) c from readings group by device)',
    'select count(*), sum(c) from (select device, argMax(cpu, ts) c from readings group by device)'),
  ask('W4', 'iot_last_100', 5, 'stored_iot', 'select count(*), sum(cpu) from (select top 100 cpu from readings where device = 517 order by ts desc)',
    'select count(*), sum(cpu) from (select cpu from readings where device = 517 order by ts desc limit 100)'),
  ask('W14', 'half_hour', 2, 'stored_market', `select count(*), sum(bidsiz) from quotes where ts between ${our_day}T10:00:00.000000000 : ${our_day}T10:29:59.999999999`,
    `select count(*), sum(bidsiz) from quotes where ts >= '${day} 10:00:00'::timestamp and ts < '${day} 10:30:00'::timestamp`,
    `select count(*), sum(bidsiz) from quotes where ts >= ${moment('10:00:00', 9)} and ts < ${moment('10:30:00', 9)}`),
  ask('W5', 'sum', 1.5, 'market', 'select sum(bid) from quotes', 'select sum(bid) from quotes'),
  ask('W5', 'filter_sum', 1.5, 'market', 'select count(*), sum(ofrsiz) from quotes where bid > 50, ex = `N',
    "select count(*), sum(ofrsiz) from quotes where bid > 50 and ex = 'N'"),
  ask('W5', 'expression_sum', 1.5, 'market', 'select sum((ofr - bid) * bidsiz), max(ofr - bid) from quotes',
    'select sum((ofr - bid) * bidsiz), max(ofr - bid) from quotes'),
  ask('W5', 'high_cpu', 1.5, 'iot', 'select count(*), sum(mem) from readings where cpu > 90', 'select count(*), sum(mem) from readings where cpu > 90'),
  ask('W6', 'bars', 4, 'market',
    `select count(*), sum(o), sum(h), sum(l), sum(c), sum(v), sum(w) from (select first(price) as o, max(price) as h, min(price) as l, last(price) as c, sum(size) as v, wavg(price, size) as w from trades group by symbol, ${minute})`,
    `select count(*), sum(o), sum(h), sum(l), sum(c), sum(v), sum(w) from (select symbol, ${duck_minute} m, arg_min(price, ts) o, max(price) h, min(price) l, arg_max(price, ts) c, sum(size) v, sum(price * size) / sum(size) w from trades group by 1, 2)`,
    `select count(*), sum(o), sum(h), sum(l), sum(c), sum(v), sum(w) from (select symbol, ${ch_minute} m, argMin(price, ts) o, max(price) h, min(price) l, argMax(price, ts) c, sum(size) v, sum(price * size) / sum(size) w from trades group by 1, 2)`),
  ask('W6', 'gap_by_minute', 4, 'market',
    `select count(*), sum(gap) from (select max(ofr) - min(bid) as gap from quotes where bid > 0, ofr > bid group by symbol, ${minute})`,
    `select count(*), sum(gap) from (select max(ofr) - min(bid) gap from quotes where bid > 0 and ofr > bid group by symbol, ${duck_minute})`,
    `select count(*), sum(gap) from (select max(ofr) - min(bid) gap from quotes where bid > 0 and ofr > bid group by symbol, ${ch_minute})`),
  ask('W6', 'device_hours', 4, 'iot',
    'select count(*), sum(a), sum(b), sum(c), sum(d), sum(e) from (select avg(cpu) as a, avg(mem) as b, avg(disk) as c, avg(temp) as d, avg(noise) as e from readings group by device, bar(ts, 3600s))',
    "select count(*), sum(a), sum(b), sum(c), sum(d), sum(e) from (select avg(cpu) a, avg(mem) b, avg(disk) c, avg(temp) d, avg(noise) e from readings group by device, date_trunc('hour', ts))",
    'select count(*), sum(a), sum(b), sum(c), sum(d), sum(e) from (select avg(cpu) a, avg(mem) b, avg(disk) c, avg(temp) d, avg(noise) e from readings group by device, toStartOfHour(ts))'),
  ask('W6', 'eight_devices', 4, 'iot',
    `select count(*), sum(m) from (select max(cpu) as m from readings where device in [${eight}], ts between 2024.01.02T08:00:00.000 : 2024.01.02T08:59:59.999 group by device, ${minute})`,
    `select count(*), sum(m) from (select max(cpu) m from readings where device in (${eight}) and ts >= '2024-01-02 08:00:00'::timestamp and ts < '2024-01-02 09:00:00'::timestamp group by device, ${duck_minute})`,
    `select count(*), sum(m) from (select max(cpu) m from readings where device in (${eight}) and ts >= toDateTime64('2024-01-02 08:00:00', 3, 'UTC') and ts < toDateTime64('2024-01-02 09:00:00', 3, 'UTC') group by device, ${ch_minute})`),
  ask('W7', 'mavg_20', 15, 'market', 'select sum(m) from (select mavg(bid, 20, 1) as m from quotes context by symbol)',
    'select sum(m) from (select avg(bid) over (partition by symbol order by ts rows between 19 preceding and current row) m from quotes)'),
  ask('W7', 'deltas', 15, 'market', 'select sum(abs(d)) from (select deltas(bid) as d from quotes context by symbol)',
    'select sum(abs(d)) from (select bid - lag(bid) over (partition by symbol order by ts) d from quotes)',
    'select sum(abs(d)) from (select bid - lagInFrame(toNullable(bid), 1) over (partition by symbol order by ts rows between unbounded preceding and unbounded following) d from quotes)'),
  ask('W7', 'mstd_20', 15, 'market', 'select sum(m) from (select mstd(bid, 20, 2) as m from quotes context by symbol)',
    'select sum(m) from (select stddev_samp(bid) over (partition by symbol order by ts rows between 19 preceding and current row) m from quotes)', false),
  ask('W7', 'cumsum', 15, 'market', 'select sum(m) from (select cumsum(bidsiz) as m from quotes context by symbol)',
    'select sum(m) from (select sum(bidsiz) over (partition by symbol order by ts rows unbounded preceding) m from quotes)'),
  ask('W8', 'asof', 10, 'market', 'select count(bid), sum(price - bid), sum(ofr) from aj(trades, quotes, `symbol`ts)',
    'select count(*), sum(t.price - q.bid), sum(q.ofr) from trades t asof join quotes q on t.symbol = q.symbol and t.ts >= q.ts'),
  ask('W9', 'window_join', 20, 'market',
    `select count(*), sum(avg_bid) from wj((select * from trades where symbol = \`${busy}), quotes, -1000000000:0, <avg(bid)>, \`symbol\`ts)`,
    `with q as (select ts, sum(bid) over w s, count(*) over w n from quotes where symbol = '${busy}' window w as (order by ts rows unbounded preceding)),
      t as (select ts from trades where symbol = '${busy}')
      select count(*), sum((b.s - coalesce(a.s, 0)) / nullif(b.n - coalesce(a.n, 0), 0)) from t asof left join q b on t.ts >= b.ts asof left join q a on t.ts - interval 1 second > a.ts`, false),
  ask('W10', 'pivot', 3, 'market',
    `t = select avg(price) from trades where symbol in ${our_ten} pivot by ${minute}, symbol; select count(*), sum(rowCount(t[,1:])) from t`,
    `select count(*), sum(c) from (select m, count(*) c from (select ${duck_minute} m, symbol, avg(price) p from trades where symbol in (${sql_ten}) group by 1, 2) group by m)`,
    `select count(*), sum(c) from (select m, count(*) c from (select ${ch_minute} m, symbol, avg(price) p from trades where symbol in (${sql_ten}) group by 1, 2) group by m)`),
  ask('W11', 'five_largest', 10, 'market', 'select count(*), sum(size) from (select symbol, size from trades context by symbol csort size desc limit 5)',
    'select count(*), sum(size) from (select size, row_number() over (partition by symbol order by size desc, ts) r from trades qualify r <= 5)',
    'select count(*), sum(size) from (select symbol, size from trades order by size desc, ts limit 5 by symbol)'),
  ask('W11', 'widest_1000', 3, 'market',
    `select count(*), sum(s) from (select top 1000 ofr - bid as s from quotes where date(ts) = ${our_day}, symbol in ${our_ten}, ofr > bid order by s desc)`,
    `select count(*), sum(s) from (select ofr - bid s from quotes where symbol in (${sql_ten}) and ts >= '${day}'::timestamp and ts < '${day}'::timestamp + interval 1 day and ofr > bid order by s desc limit 1000)`,
    `select count(*), sum(s) from (select ofr - bid s from quotes where symbol in (${sql_ten}) and ts >= ${moment('00:00:00', 9)} and ts < ${moment('00:00:00', 9)} + interval 1 day and ofr > bid order by s desc limit 1000)`),
  ask('W12', 'distinct', 1.5, 'market', 'select nunique(bid) from quotes', 'select count(distinct bid) from quotes', 'select uniqExact(bid) from quotes'),
  ask('W12', 'median', 1.5, 'market', 'select sum(m) from (select med(bid) as m from quotes group by symbol)',
    'select sum(m) from (select median(bid) m from quotes group by symbol)', 'select sum(m) from (select quantileExactInclusive(0.5)(bid) m from quotes group by symbol)'),
  ask('W12', 'correlation', 1.5, 'market', 'select sum(c), sum(s) from (select corr(bid, ofr) as c, std(bid) as s from quotes group by symbol)',
    'select sum(c), sum(s) from (select corr(bid, ofr) c, stddev_samp(bid) s from quotes group by symbol)',
    'select sum(c), sum(s) from (select corr(bid, ofr) c, stddevSamp(bid) s from quotes group by symbol)'),
  ask('W13', 'h2o_q1', 1, 'g1', 'select count(*), sum(s) from (select sum(v1) as s from g1 group by id1)', 'select count(*), sum(s) from (select sum(v1) s from g1 group by id1)'),
  ask('W13', 'h2o_q3', 1, 'g1', 'select count(*), sum(s), sum(m) from (select sum(v1) as s, avg(v3) as m from g1 group by id3)',
    'select count(*), sum(s), sum(m) from (select sum(v1) s, avg(v3) m from g1 group by id3)'),
  ask('W13', 'h2o_q5', 1, 'g1', 'select count(*), sum(a), sum(b), sum(c) from (select sum(v1) as a, sum(v2) as b, sum(v3) as c from g1 group by id6)',
    'select count(*), sum(a), sum(b), sum(c) from (select sum(v1) a, sum(v2) b, sum(v3) c from g1 group by id6)'),
  ask('W13', 'h2o_q8', 1, 'g1', 'select count(*), sum(v3) from (select v3 from g1 context by id6 csort v3 desc limit 2)',
    'select count(*), sum(v3) from (select v3, row_number() over (partition by id6 order by v3 desc) r from g1 qualify r <= 2)',
    'select count(*), sum(v3) from (select id6, v3 from g1 order by v3 desc limit 2 by id6)'),
  ask('W13', 'h2o_q10', 1, 'g1', 'select count(*), sum(s), sum(c) from (select sum(v3) as s, count(*) as c from g1 group by id1, id2, id3, id4, id5, id6)',
    'select count(*), sum(s), sum(c) from (select sum(v3) s, count(*) c from g1 group by id1, id2, id3, id4, id5, id6)'),
];
