"""The directory of clinics, and the way into a clinic: routes, schemas, fleet migrations."""
