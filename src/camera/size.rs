//! How much a camera writes, from what its stream showed.

use crate::model::answers::Record;
use crate::model::camera::StreamReading;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Bytes a day by the measured rate; none where the rate was not measured. For `Record::Motion` it is an upper bound,
/// reached only when something moves all day: say so beside it.
pub fn bytes_per_day(reading: &StreamReading, record: Record) -> Option<f64> {
    let bits = reading.bits_per_second.filter(|b| b.is_finite() && *b > 0.0)?;
    match record {
        Record::Always | Record::Motion => Some(bits * DAY / 8.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_follows_the_measured_rate_and_nothing_else() {
        let mut reading = StreamReading {
            codec: "H.264".into(),
            size: None,
            fps: Some(15.0),
            bits_per_second: Some(4_000_000.0),
            seconds: 4.0,
            audio: false,
        };
        assert_eq!(bytes_per_day(&reading, Record::Always), Some(43_200_000_000.0));
        assert_eq!(bytes_per_day(&reading, Record::Motion), bytes_per_day(&reading, Record::Always));
        reading.bits_per_second = Some(2_000_000.0);
        assert_eq!(bytes_per_day(&reading, Record::Always), Some(21_600_000_000.0));
        reading.bits_per_second = None;
        assert_eq!(bytes_per_day(&reading, Record::Always), None);
    }
}
