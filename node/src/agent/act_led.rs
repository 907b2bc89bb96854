//! The ACT LED, which the kernel blinks by its trigger "timer" (Documentation/leds/leds-class.rst).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Its names in /sys/class/leds: of today's and of older kernels.
const NAMES: [&str; 2] = ["ACT", "led0"];

/// The LED; while it blinks, with the trigger that it had and when it ends.
pub(super) struct ActLed {
    trigger: PathBuf,
    blinks: Option<(String, Instant)>,
}

impl ActLed {
    pub(super) fn new(root: &Path) -> Self {
        let folder = root.join("sys/class/leds");
        let files = NAMES.map(|name| folder.join(name).join("trigger"));
        let found = files.iter().find(|file| file.exists()).unwrap_or(&files[0]);
        Self { trigger: found.clone(), blinks: None }
    }

    /// Blinks for so long from now on; zero ends it.
    pub(super) fn blink(&mut self, length: Duration, now: Instant) -> io::Result<()> {
        if length.is_zero() {
            self.end();
            return Ok(());
        }
        if let Some((_, until)) = &mut self.blinks {
            *until = now + length;
            return Ok(());
        }
        let before = self.read().map_err(|error| self.named(&error))?;
        fs::write(&self.trigger, "timer").map_err(|error| self.named(&error))?;
        self.blinks = Some((before, now + length));
        Ok(())
    }

    /// The trigger in force, which stands in brackets among all that there are.
    fn read(&self) -> io::Result<String> {
        let text = fs::read_to_string(&self.trigger)?;
        let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        Ok(inside.map_or("none", |(trigger, _)| trigger).to_owned())
    }

    fn named(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.trigger.display()))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.blinks.as_ref().map(|(_, until)| *until)
    }

    /// Ends it where its time is over.
    pub(super) fn end_at(&mut self, now: Instant) {
        if self.deadline().is_some_and(|until| until <= now) {
            self.end();
        }
    }

    /// Puts the trigger back.
    pub(super) fn end(&mut self) {
        if let Some((before, _)) = self.blinks.take() {
            // An LED that goes on blinking harms nobody.
            let _ = fs::write(&self.trigger, before);
        }
    }
}

impl Drop for ActLed {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_blinks_for_its_time_and_has_its_trigger_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("sys/class/leds/led0");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("trigger");
        fs::write(&file, "none [mmc0] timer default-on\n").unwrap();
        let text = || fs::read_to_string(&file).unwrap();
        let mut led = ActLed::new(root.path());
        let now = Instant::now();
        led.blink(Duration::from_secs(10), now).unwrap();
        assert_eq!(text(), "timer");
        led.blink(Duration::from_secs(20), now).unwrap();
        led.end_at(now + Duration::from_secs(19));
        assert_eq!(text(), "timer");
        led.end_at(now + Duration::from_secs(20));
        assert_eq!(text(), "mmc0");
        assert_eq!(led.deadline(), None);

        fs::write(&file, "[none] timer\n").unwrap();
        led.blink(Duration::from_secs(10), now).unwrap();
        led.blink(Duration::ZERO, now).unwrap();
        assert_eq!(text(), "none");
    }

    #[test]
    fn a_node_without_it_says_which_file_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let mut led = ActLed::new(root.path());
        let error = led.blink(Duration::from_secs(1), Instant::now()).unwrap_err();
        assert!(error.to_string().contains("sys/class/leds/ACT/trigger: "), "{error}");
    }
}
