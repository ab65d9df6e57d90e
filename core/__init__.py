"""The ground floor: no domain, and two or more apps stand on each module.

It is no drawer. What one app alone needs lives in that app; what knows a patient, a clinic's
schema or a backup lives with them. Nothing here imports an app.
"""
