"""The ground floor: each module serves two or more apps, and none knows their domain.

It is no drawer. What only one app needs lives in that app; what knows a patient, a clinic's schema
or a backup lives with them. Nothing here imports an app.
"""
