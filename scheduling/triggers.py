"""The triggers that this app's migrations make: `verify_audit` names any other on its tables.

Whoever adds or changes one in a migration writes it here too.
"""

# As pg_get_triggerdef writes them.
TRIGGERS = """
CREATE TRIGGER scheduling_room_keeps_seats AFTER UPDATE OF capacity ON scheduling_room
    FOR EACH ROW WHEN (new.capacity < old.capacity)
    EXECUTE FUNCTION scheduling_room_keeps_seats();
CREATE TRIGGER scheduling_seat_in_room
    BEFORE INSERT OR UPDATE OF room_id, seat, start_time, end_time ON scheduling_appointment
    FOR EACH ROW WHEN (new.room_id IS NOT NULL) EXECUTE FUNCTION scheduling_seat_in_room();
"""
# The functions they call, and the SHA-256 of each body.
FUNCTIONS = {
    "scheduling_room_keeps_seats()": (
        "5190f302f52af575732d2b9a9cc32fde69021c175ee2b800ada3a6394c16e055"
    ),
    "scheduling_seat_in_room()": (
        "d23b7b6997aa8374a20068e3c3e98b93983e5141b97facbde75b9396684c61b4"
    ),
}
