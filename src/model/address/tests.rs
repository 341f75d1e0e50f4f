//! What people type, and what nobody would.

use proptest::prelude::*;

use super::*;

fn read(typed: &str) -> (String, Option<String>, Option<String>) {
    let got = address(typed).unwrap();
    (got.url.to_string(), got.user, got.password.map(|p| p.expose_secret().to_owned()))
}

fn has(typed: &str, note: &str) -> bool {
    address(typed).unwrap().advice.iter().any(|a| a == note)
}

#[test]
fn addresses_come_apart_whatever_is_in_the_password() {
    let some = |s: &str| Some(s.to_owned());
    let at = "rtsp://192.0.2.10/stream".to_owned();
    for password in ["secret", "p@ss", "a#b", "a/b", "a?b", "100%", "p@s.s/x", "a:b", "@", "ü€"] {
        assert_eq!(
            read(&format!("rtsp://viewer:{password}@192.0.2.10/stream")),
            (at.clone(), some("viewer"), some(password)),
            "{password}"
        );
    }
    assert_eq!(read("rtsp://viewer:a%23b%40c@192.0.2.10/stream"), (at.clone(), some("viewer"), some("a#b@c")));
    assert_eq!(read(" \"RTSP://192.0.2.10/stream\" "), (at, None, None));
    assert_eq!(read("rtsp://viewer@192.0.2.10:8554/s"), ("rtsp://192.0.2.10:8554/s".into(), some("viewer"), some("")));
    assert_eq!(read("rtsp://192.0.2.10/live?mail=a@b.c"), ("rtsp://192.0.2.10/live?mail=a@b.c".into(), None, None));
    assert_eq!(read("rtsp://u:p@192.0.2.10/live?mail=a@b.c").1, some("u"));
    assert_eq!(read("rtsp://Cam.Lan/a#b").0, "rtsp://cam.lan/a%23b");
}

#[test]
fn an_address_alone_gets_scheme_port_and_a_word_about_the_path() {
    assert_eq!(read("192.0.2.10").0, "rtsp://192.0.2.10:554/");
    assert_eq!(read("yard-cam").0, "rtsp://yard-cam:554/");
    assert_eq!(read("viewer:pw@192.0.2.10:8554").0, "rtsp://192.0.2.10:8554/");
    assert_eq!(read("2001:db8::5").0, "rtsp://[2001:db8::5]:554/");
    assert_eq!(read("rtsp://[2001:db8::5]:8554/s").0, "rtsp://[2001:db8::5]:8554/s");
    assert!(has("192.0.2.10", words::NOTE_PATH) && !has("192.0.2.10/s", words::NOTE_PATH));
}

#[test]
fn what_is_special_is_told() {
    assert!(has("rtsp://localhost/s", words::NOTE_LOOPBACK) && has("rtsp://127.0.0.5/s", words::NOTE_LOOPBACK));
    assert!(has("rtsp://cam.local/s", words::NOTE_LOCAL_NAME));
    assert!(has("rtsp://[2001:db8::5]/s", words::NOTE_IPV6));
    assert!(has("rtsp://169.254.3.4/s", words::NOTE_LINK_LOCAL));
    assert!(has("rtsp://fake.kerberos.io/stream", words::NOTE_SAMPLE));
    assert!(has("rtsps://192.0.2.1/s", words::NOTE_RTSPS));
    let own = ["192.0.2.20".parse().unwrap()];
    assert_eq!(address_among("rtsp://192.0.2.20/s", &own).unwrap().advice, [words::NOTE_OWN]);
    assert!(address("rtsp://192.0.2.20/s").unwrap().advice.is_empty());
}

#[test]
fn a_login_in_the_path_is_told_and_not_shown() {
    let got = address("rtsp://192.0.2.9:554/user=admin&password=hunter2&channel=1&stream=0.sdp?real").unwrap();
    assert_eq!(got.advice, [words::NOTE_LOGIN_IN_PATH]);
    assert_eq!(shown(&got.url), "rtsp://192.0.2.9:554/user=admin&password=••••&channel=1&stream=0.sdp?real");
    let xm = Url::parse("rtsp://192.0.2.9/user=admin_password=hunter2_channel=1.sdp").unwrap();
    assert_eq!(shown(&xm), "rtsp://192.0.2.9/user=admin_password=••••_channel=1.sdp");
    assert_eq!(shown(&Url::parse("rtsp://u:p@192.0.2.9/cam?channel=1&subtype=0").unwrap()), "rtsp://192.0.2.9/cam?channel=1&subtype=0");
}

#[test]
fn what_is_no_camera_address_says_what_it_is() {
    let code = |typed: &str| address(typed).unwrap_err().code;
    assert_eq!(code("  "), "CAMERA-ADDRESS-EMPTY");
    assert_eq!(code("http://u:p@192.0.2.1/"), "CAMERA-ADDRESS-WEB");
    assert_eq!(code("onvif://192.0.2.1/"), "CAMERA-ADDRESS-SCHEME");
    assert_eq!(code("rtsp://fixme"), "CAMERA-ADDRESS-PLACEHOLDER");
    for wrong in [
        "192.168.1.300",
        "rtsp://192.0.2.1:99999/",
        "rtsp://192.0.2.1:0/",
        "rtsp:///stream",
        "0.0.0.0",
        "a b",
        "rtsp://[::1/",
        "-cam",
        "a\nb",
    ] {
        assert_eq!(code(wrong), "CAMERA-ADDRESS", "{wrong}");
    }
}

proptest! {
    #[test]
    fn wild_input_never_panics(typed in ".{0,80}") {
        if let Ok(got) = address(&typed) {
            prop_assert!(got.url.username().is_empty() && got.url.password().is_none());
            prop_assert!(got.url.host_str().is_some_and(|h| !h.is_empty()));
        }
    }

    #[test]
    fn addresses_of_all_shapes_never_panic(typed in "(rtsps?|http|x)?(://)?[a-z:@/#?%.\\[\\]0-9]{0,40}") {
        let _ = address(&typed);
    }

    #[test]
    fn a_login_goes_in_and_out_unchanged(user in "[^\\p{Cc}]{1,16}", password in "[^\\p{Cc}]{0,24}", host in "(192\\.0\\.2\\.[1-9]|cam\\.lan|\\[2001:db8::7\\]|yard)") {
        let url = Url::parse(&format!("rtsp://{host}/live/1?channel=2")).unwrap();
        let whole = with_login(&url, &user, &SecretString::from(password.clone()));
        let back = address(whole.expose_secret()).unwrap();
        prop_assert_eq!(back.url, url);
        prop_assert_eq!(back.user, Some(user));
        let password_back = back.password.unwrap();
        prop_assert_eq!(password_back.expose_secret(), &password);
    }

    #[test]
    fn neither_errors_nor_debug_show_a_password(password in "[A-Z]{6,12}[#@/%:? ]?[A-Z]{2,4}", shape in 0usize..6) {
        let typed = match shape {
            0 => format!("http://u:{password}@192.0.2.1/"),
            1 => format!("rtsp://u:{password}@192.168.1.300/"),
            2 => format!("u:{password}@"),
            3 => format!("ftp://u:{password}@cam"),
            4 => format!("rtsp://u:{password}@fixme/"),
            _ => format!("rtsp://u:{password}@192.0.2.1:99999/x"),
        };
        let said = match address(&typed) {
            Err(fault) => format!("{fault} {fault:?}"),
            Ok(got) => format!("{} {:?}", got.advice.join(" "), got.password),
        };
        prop_assert!(!said.contains(&password), "{}", said);
    }
}
