"""Triggers that keep an appointment's place within its room's capacity.

They replace a composite foreign key on (room, capacity), which would write a new capacity into
every past appointment of the room, and let a past one forbid a smaller capacity. Row locks (FOR
SHARE, against the UPDATE's own) make a booking and a change of capacity take turns.
"""

from django.db import migrations

SQL = """
CREATE FUNCTION scheduling_seat_in_room() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    places smallint;
BEGIN
    SELECT capacity INTO places FROM scheduling_room WHERE id = NEW.room_id FOR SHARE;
    IF NEW.seat > places THEN
        RAISE check_violation USING MESSAGE = 'The room has no such place.',
            CONSTRAINT = 'scheduling_appointment_seat_in_room';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION scheduling_room_keeps_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM scheduling_appointment
                WHERE room_id = NEW.id AND seat > NEW.capacity AND end_time > now()
                  AND deleted_at IS NULL AND status <> 'cancelled') THEN
        RAISE check_violation USING MESSAGE = 'Places of the room are taken.',
            CONSTRAINT = 'scheduling_room_capacity_in_use';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER scheduling_seat_in_room
    BEFORE INSERT OR UPDATE OF room_id, seat, start_time, end_time ON scheduling_appointment
    FOR EACH ROW WHEN (NEW.room_id IS NOT NULL) EXECUTE FUNCTION scheduling_seat_in_room();
CREATE TRIGGER scheduling_room_keeps_seats AFTER UPDATE OF capacity ON scheduling_room
    FOR EACH ROW WHEN (NEW.capacity < OLD.capacity)
    EXECUTE FUNCTION scheduling_room_keeps_seats();
"""
REVERSE = """
DROP TRIGGER scheduling_room_keeps_seats ON scheduling_room;
DROP TRIGGER scheduling_seat_in_room ON scheduling_appointment;
DROP FUNCTION scheduling_room_keeps_seats();
DROP FUNCTION scheduling_seat_in_room();
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_tables")]

    operations = [migrations.RunSQL(sql=SQL, reverse_sql=REVERSE)]
