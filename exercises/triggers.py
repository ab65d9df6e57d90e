"""The triggers that this app's migrations make: `verify_audit` names any other on its tables.

Whoever adds or changes one in a migration writes it here too.
"""

# As pg_get_triggerdef writes them.
TRIGGERS = """
CREATE TRIGGER exercises_exerciselog_after_start BEFORE INSERT ON exercises_exerciselog
    FOR EACH ROW EXECUTE FUNCTION exercises_log_refuse_early();
CREATE TRIGGER exercises_exerciselog_append_only BEFORE DELETE OR UPDATE ON exercises_exerciselog
    FOR EACH ROW EXECUTE FUNCTION exercises_log_refuse_change();
CREATE TRIGGER exercises_exerciselog_not_emptied BEFORE TRUNCATE ON exercises_exerciselog
    FOR EACH STATEMENT EXECUTE FUNCTION exercises_log_refuse_change();
"""
# The functions they call, and the SHA-256 of each body.
FUNCTIONS = {
    "exercises_log_refuse_change()": (
        "ec650cbea3f74f196824d6aab007c5ba6f0c5d8eed3784adca42170c9f9f69aa"
    ),
    "exercises_log_refuse_early()": (
        "4da1002b2aeb8726e33c3cbb86d63003d2d5d6867dfe62dcd274f4d743da71e2"
    ),
}
