//! When a fan is to run.

/// At which temperatures, in degrees Celsius, the fan goes on and off. Between the two it stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanCurve {
    /// From here on it runs.
    pub on_c: u8,
    /// From here down it rests; below `on_c`.
    pub off_c: u8,
}

impl FanCurve {
    /// Whether a fan has to run, given whether it runs now and the highest temperature. It runs if no temperature is known.
    #[must_use]
    pub fn next(self, is_on: bool, hottest_c: Option<f64>) -> bool {
        match hottest_c {
            None => true,
            Some(celsius) if celsius >= f64::from(self.on_c) => true,
            Some(celsius) if celsius <= f64::from(self.off_c) => false,
            Some(_) => is_on,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve() {
        const CURVE: FanCurve = FanCurve { on_c: 60, off_c: 50 };
        for (is_on, hottest, next) in [
            (false, Some(20.0), false),
            (false, Some(50.0), false),
            (false, Some(59.9), false),
            (false, Some(60.0), true),
            (false, Some(99.0), true),
            (true, Some(60.0), true),
            (true, Some(50.1), true),
            (true, Some(50.0), false),
            (true, Some(20.0), false),
            // Nobody can tell.
            (false, None, true),
            (true, None, true),
        ] {
            assert_eq!(CURVE.next(is_on, hottest), next, "{is_on} at {hottest:?}");
        }
    }

    /// A temperature that moves by a degree switches nothing.
    #[test]
    fn it_does_not_flutter() {
        const CURVE: FanCurve = FanCurve { on_c: 60, off_c: 50 };
        for around in [50.0, 55.0, 60.0] {
            let mut is_on = true;
            let mut switched = 0;
            for step in 0..1000 {
                let next = CURVE.next(is_on, Some(around + f64::from(step % 3) - 1.0));
                switched += u32::from(next != is_on);
                is_on = next;
            }
            assert!(switched <= 1, "{switched} times around {around}");
        }
    }
}
