//! The formulas and constants that sizes are computed with.
//!
//! `docs/engine.md` ("Sizing") says where each constant comes from; those
//! without a source are our assumptions and are marked so there.

/// 730 hours, the month that clouds bill by.
pub const SECONDS_PER_MONTH: f64 = 2_628_000.0;
pub const HOURS_PER_MONTH: f64 = 730.0;
/// Of the users of a month, those who come on an average day.
pub const DAILY_SHARE: f64 = 0.2;
/// What one person asks of the server on a day of use.
pub const REQUESTS_PER_ACTIVE_DAY: f64 = 50.0;
/// What one visit asks of the server, files from the edge aside.
pub const REQUESTS_PER_VISIT: f64 = 20.0;
/// Of the visits of a month, the share that people with an account make.
pub const MEMBER_SHARE: f64 = 0.05;
/// Seconds between two requests of a person who is using the system.
pub const THINK_SECONDS: f64 = 10.0;
/// The same for players, who talk to game servers most of the time.
pub const PLAY_SECONDS: f64 = 300.0;
/// Peak over average when the text gives none.
pub const PEAK_FACTOR: f64 = 3.0;
/// Share of a processor that is planned to be busy at peak.
pub const TARGET_UTILISATION: f64 = 0.6;
/// The same once money is short.
pub const LEAN_UTILISATION: f64 = 0.75;
/// Reads among requests when the text does not say.
pub const READ_SHARE: f64 = 0.8;
/// Database statements that one request causes.
pub const STATEMENTS_PER_REQUEST: f64 = 3.0;
/// Simple indexed statements that one database vCPU serves in a second.
pub const STATEMENTS_PER_VCPU: f64 = 500.0;
/// Disk operations of one statement that misses memory.
pub const IO_PER_STATEMENT: f64 = 2.0;
/// Share of statements that miss memory.
pub const MISS_SHARE: f64 = 0.1;
/// Share of the data that is touched every day.
pub const HOT_SHARE: f64 = 0.2;
/// What a statement reads: ten pages of 8 kB.
pub const TOUCHED_KB: f64 = 80.0;
/// Share of the data that a cache holds: requests follow a power law, so the
/// most wanted twentieth answers most of them.
pub const CACHED_SHARE: f64 = 0.05;
/// What is remembered of someone who is there, in kB.
pub const SESSION_KB: f64 = 20.0;
/// Records of a stream that one call works off.
pub const RECORDS_PER_BATCH: f64 = 100.0;
/// Database rows and index of one user, in GB.
pub const ROWS_GB_PER_USER: f64 = 0.000_5;
/// Files of one user, in GB.
pub const FILES_GB_PER_USER: f64 = 0.02;
/// Body of an answer in kB.
pub const ANSWER_KB: f64 = 20.0;
/// Log lines of one request in kB.
pub const LOG_KB_PER_REQUEST: f64 = 1.0;
/// What a system with no stated load is planned for, each month.
pub const REQUESTS_UNSTATED: f64 = 1_000_000.0;
pub const USERS_UNSTATED: f64 = 1_000.0;
/// The same for a text that only names a few services to connect.
pub const REQUESTS_SAMPLE: f64 = 100_000.0;
/// Above this many requests a month containers that always run cost less than
/// functions that are paid by the call (both behind their entry and with logs).
pub const FUNCTION_BREAK_EVEN: f64 = 40_000_000.0;

pub fn average_per_second(per_month: f64) -> f64 {
    per_month / SECONDS_PER_MONTH
}

pub fn per_month(per_second: f64) -> f64 {
    per_second * SECONDS_PER_MONTH
}

/// Requests in a month of so many users who come in that month.
pub fn requests_of_users(monthly_users: f64) -> f64 {
    monthly_users * DAILY_SHARE * REQUESTS_PER_ACTIVE_DAY * 30.0
}

/// Peak requests a second of so many people at once (Little's law with think time).
pub fn rate_of_concurrent(users: f64, think_seconds: f64) -> f64 {
    users / think_seconds.max(1.0)
}

/// Requests in progress at once (Little's law).
pub fn concurrency(per_second: f64, seconds: f64) -> f64 {
    per_second * seconds
}

/// Whole units that are needed for a demand; at least one, never absurd.
pub fn units(demand: f64, capacity: f64) -> u32 {
    let units = (demand / capacity.max(1e-9)).ceil();
    if units.is_finite() { units.clamp(1.0, 10_000.0) as u32 } else { 1 }
}

/// Copies of a program: peak rate x processor time / (vCPU x utilisation).
pub fn tasks(peak_rps: f64, cpu_seconds: f64, vcpu: f64, utilisation: f64) -> u32 {
    units(peak_rps * cpu_seconds, vcpu * utilisation)
}

/// Processor size of one copy and how many: the smallest size that needs no
/// more than ten copies at peak.
pub fn task_shape(
    peak_rps: f64,
    cpu_seconds: f64,
    least_vcpu: f64,
    utilisation: f64,
) -> (f64, u32) {
    const SIZES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
    const COPIES: u32 = 10;
    let sizes = SIZES.into_iter().filter(|it| *it >= least_vcpu);
    let mut shape = (4.0, tasks(peak_rps, cpu_seconds, 4.0, utilisation));
    for vcpu in sizes {
        let count = tasks(peak_rps, cpu_seconds, vcpu, utilisation);
        if count <= COPIES {
            shape = (vcpu, count);
            break;
        }
    }
    shape
}

/// Processors of a machine that serves a demand: the next size that is sold.
pub fn vcpus(demand: f64, least: f64) -> f64 {
    const SIZES: [f64; 8] = [2.0, 4.0, 8.0, 16.0, 32.0, 48.0, 64.0, 96.0];
    SIZES.into_iter().find(|it| *it >= demand.max(least)).unwrap_or(96.0)
}

/// A database that serves a rate: vCPU for the statements, memory for the hot data.
pub struct DatabaseShape {
    pub vcpu: f64,
    pub memory_gib: f64,
    pub iops: u32,
    pub io_per_month: f64,
}

pub fn database(peak_rps: f64, average_rps: f64, data_gb: f64, utilisation: f64) -> DatabaseShape {
    let statements = peak_rps * STATEMENTS_PER_REQUEST;
    let vcpu = vcpus(statements / STATEMENTS_PER_VCPU / utilisation, 2.0);
    // The smallest burstable machines have 1 to 2 GiB, the others 4 to 8 for each vCPU.
    // Nothing is hot that a day of statements does not touch.
    let touched = average_rps * STATEMENTS_PER_REQUEST * 86_400.0 * TOUCHED_KB / 1e6;
    let wanted =
        (data_gb * HOT_SHARE).min(touched).max(if statements < 50.0 { 1.0 } else { vcpu * 2.0 });
    const MEMORY: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 384.0];
    let memory_gib = MEMORY.into_iter().find(|it| *it >= wanted).unwrap_or(768.0);
    let iops = (statements * IO_PER_STATEMENT * MISS_SHARE).clamp(3000.0, 64_000.0);
    let io = average_rps * STATEMENTS_PER_REQUEST * IO_PER_STATEMENT * MISS_SHARE;
    // A machine with much memory has the processors that come with it.
    let vcpu = vcpu.max(vcpus(memory_gib / 8.0, 2.0));
    DatabaseShape { vcpu, memory_gib, iops: iops as u32, io_per_month: per_month(io) }
}

/// What is stored after a year of growth, rounded up to tens of GB from 20.
pub fn provisioned_gb(now_gb: f64, growth_per_year: f64) -> f64 {
    let later = now_gb.max(0.0) * (1.0 + growth_per_year.clamp(0.0, 10.0)) * 1.2;
    ((later / 10.0).ceil() * 10.0).clamp(20.0, 65_536.0)
}

/// Memory of a cache for the hot part of the data and for the sessions of those
/// who are there, with a quarter to spare.
pub fn cache_gib(data_gb: f64, sessions: f64) -> f64 {
    const SIZES: [f64; 9] = [0.5, 1.37, 3.09, 6.38, 12.93, 26.04, 52.26, 103.68, 209.55];
    let wanted = (data_gb * CACHED_SHARE + sessions * SESSION_KB / 1e6) * 1.25;
    SIZES.into_iter().find(|it| *it >= wanted).unwrap_or(317.77)
}

/// Shards of a stream: 1 MB or 1,000 records a second each.
pub fn shards(records_per_second: f64, kilobytes: f64) -> u32 {
    units(records_per_second, 1000.0).max(units(records_per_second * kilobytes, 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_follow_from_rate_and_processor_time() {
        // 100/s x 30 ms = 3 busy processors; at 60 % of 0.5 vCPU each: 10 copies.
        assert_eq!(tasks(100.0, 0.03, 0.5, 0.6), 10);
        assert_eq!(task_shape(100.0, 0.03, 0.25, 0.6), (0.5, 10));
        assert_eq!(task_shape(1.0, 0.03, 0.25, 0.6), (0.25, 1));
        assert_eq!(task_shape(100_000.0, 0.03, 0.25, 0.6).0, 4.0);
    }

    #[test]
    fn fifty_thousand_users_are_six_requests_a_second() {
        let average = average_per_second(requests_of_users(50_000.0));
        assert!((5.7..5.8).contains(&average), "{average}");
    }

    #[test]
    fn a_database_grows_with_rate_and_with_hot_data() {
        assert_eq!(database(2.0, 0.4, 5.0, 0.6).memory_gib, 1.0);
        let busy = database(1000.0, 200.0, 500.0, 0.6);
        assert_eq!((busy.vcpu, busy.memory_gib), (16.0, 128.0));
        assert!(database(f64::MAX, f64::MAX, f64::MAX, 0.6).vcpu <= 96.0);
    }

    #[test]
    fn nothing_is_sized_by_what_is_not_a_number() {
        assert_eq!(units(f64::NAN, 1.0), 1);
        assert_eq!(units(f64::INFINITY, 1.0), 1);
        assert_eq!(shards(2500.0, 1.0), 3);
        assert_eq!(provisioned_gb(100.0, 0.5), 180.0);
    }
}
