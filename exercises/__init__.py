"""The exercise library, prescriptions from it, and logs of what patients did."""
