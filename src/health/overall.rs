//! The state of the whole from the states of the parts.

use crate::model::health::{CameraHealth, CameraState, ComponentHealth, ComponentState, Overall};

/// Sums up. Without cameras the parts alone decide.
pub fn overall(components: &[ComponentHealth], cameras: &[CameraHealth]) -> Overall {
    use ComponentState as C;
    let all = |wanted: &[C]| components.iter().all(|c| wanted.contains(&c.state));
    let any = |wanted: &[C]| components.iter().any(|c| wanted.contains(&c.state));
    if all(&[C::Absent]) {
        return Overall::Absent;
    }
    if all(&[C::Unknown]) {
        return Overall::Unknown;
    }
    if all(&[C::Stopped, C::Absent]) {
        return Overall::Stopped;
    }
    let works = |c: &CameraHealth| matches!(c.state, CameraState::Recording | CameraState::Watching);
    let starts = |c: &CameraHealth| c.state == CameraState::Starting;
    if all(&[C::Healthy]) && cameras.iter().all(works) {
        return Overall::Healthy;
    }
    if all(&[C::Healthy, C::Starting]) && cameras.iter().all(|c| works(c) || starts(c)) {
        return Overall::Starting;
    }
    let nothing_records = !cameras.iter().any(|c| works(c) || starts(c) || c.state == CameraState::Unknown);
    let nothing_works = !any(&[C::Healthy, C::Starting, C::NotConfigured, C::Degraded]);
    if (nothing_records && !cameras.is_empty()) || nothing_works { Overall::Down } else { Overall::Degraded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(state: ComponentState) -> ComponentHealth {
        ComponentHealth {
            name: "x".into(),
            kind: "x".into(),
            title: String::new(),
            product: String::new(),
            state,
            age_seconds: 0.0,
            restarts: 0,
            up_seconds: None,
            cpu: None,
            memory: None,
            evidence: vec![],
            url: None,
        }
    }

    fn camera(state: CameraState) -> CameraHealth {
        CameraHealth {
            name: "x".into(),
            state,
            age_seconds: 0.0,
            fps: None,
            last_saved_seconds: None,
            recordings: None,
            waiting: None,
            bytes_per_day: None,
            evidence: vec![],
        }
    }

    #[test]
    fn the_whole_is_what_its_parts_are() {
        use CameraState as K;
        use ComponentState as C;
        let of = |c: &[C], k: &[K]| {
            overall(&c.iter().copied().map(component).collect::<Vec<_>>(), &k.iter().copied().map(camera).collect::<Vec<_>>())
        };
        assert_eq!(of(&[], &[]), Overall::Absent);
        assert_eq!(of(&[C::Absent, C::Absent], &[K::Stopped]), Overall::Absent);
        assert_eq!(of(&[C::Unknown], &[K::Unknown]), Overall::Unknown);
        assert_eq!(of(&[C::Stopped, C::Stopped], &[K::Stopped]), Overall::Stopped);
        assert_eq!(of(&[C::Healthy, C::Healthy], &[K::Recording, K::Watching]), Overall::Healthy);
        assert_eq!(of(&[C::Healthy], &[]), Overall::Healthy);
        assert_eq!(of(&[C::Healthy, C::Starting], &[K::Starting]), Overall::Starting);
        assert_eq!(of(&[C::Healthy, C::Healthy], &[K::Recording, K::NoPicture]), Overall::Degraded);
        assert_eq!(of(&[C::NotConfigured, C::Healthy], &[K::Recording]), Overall::Degraded);
        assert_eq!(of(&[C::Healthy, C::Healthy], &[K::NoPicture, K::WrongLogin]), Overall::Down);
        assert_eq!(of(&[C::Down, C::Stopped], &[]), Overall::Down);
        assert_eq!(of(&[C::Down, C::Healthy], &[K::Unknown]), Overall::Degraded);
    }
}
