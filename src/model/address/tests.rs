//! What people type, and what nobody would.

use proptest::prelude::*;

use super::*;

fn parts(typed: &str) -> (String, Option<(String, String)>) {
    let got = read(typed).unwrap();
    (got.whole(), got.login.map(|(u, p)| (u, p.expose_secret().to_owned())))
}

fn login(user: &str, password: &str) -> Option<(String, String)> {
    Some((user.into(), password.into()))
}

#[test]
fn addresses_come_apart_whatever_is_in_the_password() {
    let at = "rtsp://192.0.2.10/stream".to_owned();
    for password in ["secret", "p@ss", "a#b", "a/b", "a?b", "100%", "p@s.s/x", "a:b", "@", "ü€", "12/34", "p@ss#1/w?d", "a b"] {
        assert_eq!(parts(&format!("rtsp://viewer:{password}@192.0.2.10/stream")), (at.clone(), login("viewer", password)), "{password}");
    }
    assert_eq!(parts("rtsp://viewer:a%23b%40c@192.0.2.10/stream"), (at.clone(), login("viewer", "a#b@c")));
    assert_eq!(parts(" \"RTSP://192.0.2.10/stream\" "), (at, None));
    assert_eq!(parts("rtsp://viewer@192.0.2.10:8554/s"), ("rtsp://192.0.2.10:8554/s".into(), login("viewer", "")));
    assert_eq!(parts("rtsp://u:p@[2001:db8::1]:554/s"), ("rtsp://[2001:db8::1]:554/s".into(), login("u", "p")));
    for whole in ["rtsp://192.0.2.10/live?mail=a@b.c", "rtsp://192.0.2.10/live@2", "rtsp://cam.lan./s?x=1"] {
        assert_eq!(parts(whole), (whole.into(), None));
        assert_eq!(parts(&whole.replace("://", "://u:p@")), (whole.into(), login("u", "p")));
    }
    assert_eq!(parts("rtsp://u:p:q@cam.lan/s").1, login("u", "p:q"));
    assert_eq!(parts("rtsp://Cam.Lan/a#b c").0, "rtsp://cam.lan/a%23b%20c");
}

#[test]
fn what_was_left_out_is_filled_in_on_request() {
    let filled = |typed: &str| read(typed).unwrap().filled().whole();
    assert_eq!(read("192.0.2.10").unwrap().whole(), "rtsp://192.0.2.10");
    assert_eq!(filled("192.0.2.10"), "rtsp://192.0.2.10:554/");
    assert_eq!(filled("yard-cam"), "rtsp://yard-cam:554/");
    assert_eq!(filled("viewer:pw@192.0.2.10:8554"), "rtsp://192.0.2.10:8554/");
    assert_eq!(filled("2001:db8::5"), "rtsp://[2001:db8::5]:554/");
    assert_eq!(filled("rtsp://192.0.2.10?channel=1"), "rtsp://192.0.2.10/?channel=1");
    assert!(read("192.0.2.10").unwrap().pathless() && !read("192.0.2.10/s").unwrap().pathless());
}

#[test]
fn a_password_in_the_path_is_dots_and_comes_back() {
    for (whole, shown) in [
        ("rtsp://192.0.2.9:554/user=admin&password=hunter2&channel=1", "rtsp://192.0.2.9:554/user=admin&password=••••&channel=1"),
        ("rtsp://192.0.2.9/user=admin_password=hun_ter2_channel=1.sdp", "rtsp://192.0.2.9/user=admin_password=••••_channel=1.sdp"),
        ("rtsp://192.0.2.9/s?userpwd=a&token=b", "rtsp://192.0.2.9/s?userpwd=••••&token=••••"),
        ("rtsp://192.0.2.9/cam?channel=1&subtype=0&compass=north", "rtsp://192.0.2.9/cam?channel=1&subtype=0&compass=north"),
        ("rtsp://192.0.2.9/s?password=&x=1", "rtsp://192.0.2.9/s?password=&x=1"),
    ] {
        assert_eq!(masked(whole), shown);
        assert_eq!(masked(shown), shown);
        let kept = SecretString::from(whole.to_owned());
        assert_eq!(unmasked(shown, Some(&kept)).as_deref(), Ok(whole));
        assert_eq!(unmasked("rtsp://cam/s", Some(&kept)).as_deref(), Ok("rtsp://cam/s"));
    }
    assert_eq!(unmasked("rtsp://cam/pwd=••••", None), Err(Wrong::Dots));
}

#[test]
fn what_is_no_camera_address_says_what_it_is() {
    for (typed, wrong) in [
        ("  ", Wrong::Empty),
        ("a\nb", Wrong::Control),
        ("http://u:p@192.0.2.1/", Wrong::Web),
        ("onvif://192.0.2.1/", Wrong::Scheme),
        ("rtsp://fixme", Wrong::Placeholder),
        ("192.168.1.300", Wrong::Numbers),
        ("0.0.0.0", Wrong::NotOne),
        ("rtsp://192.0.2.1:99999/", Wrong::Host),
        ("rtsp://192.0.2.1:0/", Wrong::Host),
        ("rtsp:///stream", Wrong::Host),
        ("a b", Wrong::Host),
        ("rtsp://[::1/", Wrong::Host),
        ("-cam", Wrong::Host),
    ] {
        assert_eq!(read(typed).err(), Some(wrong), "{typed}");
    }
}

#[test]
fn a_screen_finds_the_password_while_it_is_typed() {
    let hidden = |typed: &'static str| passwords(typed).into_iter().map(|r| &typed[r]).collect::<Vec<_>>();
    for typed in ["rtsp://viewer:geheim", "viewer:geheim@", "rtsp://viewer:geheim@192.0", "rtsp://viewer:geheim@192.0.2.31/stream"] {
        assert_eq!(hidden(typed), ["geheim"], "{typed}");
    }
    assert_eq!(hidden("rtsp://admin:12/34@"), ["12/34"]);
    assert_eq!(hidden("rtsp://u:a@b@192.0.2.1/s?pwd=c"), ["a@b", "c"]);
    for open in ["", "rtsp://", "rtsp://192.0.2.31:554/s", "cam:8554/s", "rtsp://viewer", "rtsp://[2001:db8::5]:554", "192.0.2.300:554"] {
        assert!(hidden(open).is_empty(), "{open}");
    }
}

proptest! {
    #[test]
    fn wild_input_never_panics(typed in ".{0,80}") {
        if let Ok(got) = read(&typed) {
            prop_assert!(!got.host.is_empty());
        }
        let _ = masked(&typed);
        prop_assert!(passwords(&typed).into_iter().all(|r| typed.get(r).is_some_and(|t| !t.is_empty())));
    }

    #[test]
    fn addresses_of_all_shapes_never_panic(typed in "(rtsps?|http|x)?(://)?[a-z:@/#?%=_&.\\[\\]0-9]{0,40}") {
        let _ = read(&typed);
        let found = passwords(&typed);
        prop_assert!(found.windows(2).all(|w| w[0].end <= w[1].start));
        prop_assert!(found.into_iter().all(|r| typed.get(r).is_some()));
    }

    #[test]
    fn a_login_goes_in_and_out_unchanged(user in "[^\\p{Cc}]{1,16}", password in "[^\\p{Cc}]{0,24}", host in "(192\\.0\\.2\\.[1-9]|cam\\.lan|\\[2001:db8::7\\]|yard)") {
        let whole = format!("rtsp://{host}/live/1?channel=2");
        let back = read(with_login(&whole, &user, &password.clone().into()).expose_secret()).unwrap();
        prop_assert_eq!(back.whole(), whole);
        let (u, p) = back.login.unwrap();
        prop_assert_eq!(u, user);
        prop_assert_eq!(p.expose_secret(), &password);
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
        let said = format!("{:?}", read(&typed).map(|a| a.login));
        prop_assert!(!said.contains(&password), "{}", said);
    }
}
