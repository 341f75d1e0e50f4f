//! Reads the machine into a HostReport, one file a subject. Facts only; no advice.
