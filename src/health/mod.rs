//! Asks the parts how they are, in their own protocols and with the right login.
