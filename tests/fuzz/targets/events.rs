//! Whatever a producer sends: an event or a refusal, never a panic; what is accepted means the same
//! after it was passed on.

#![no_main]

use jiff::Timestamp;
use journey::intake;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let now = Timestamp::from_second(1_780_000_000).expect("in range");
    match intake::parse(data, now) {
        Err(refused) => assert!(!refused.to_string().is_empty()),
        Ok(parsed) => {
            let bytes = intake::to_json(&parsed.event);
            let again = intake::parse(&bytes, now).expect("what was accepted is accepted again");
            assert_eq!(again, parsed);
        }
    }
});
