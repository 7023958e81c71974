-- The account the hospital gives us: it reads the views and calls the function, no more.
-- Its password, where one was given, comes as the setting demo_his.password.
DO $$
DECLARE
  password TEXT := current_setting('demo_his.password', true);
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = current_user AND (rolcreaterole OR rolsuper)) THEN
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'yiwu') THEN
    CREATE ROLE yiwu LOGIN;
  END IF;
  IF coalesce(password, '') <> '' THEN
    EXECUTE format('ALTER ROLE yiwu PASSWORD %L', password);
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO yiwu', current_schema());
  GRANT SELECT ON {VIEWS} TO yiwu;
  GRANT EXECUTE ON FUNCTION yw_priv_save, yw_doctor_op_save, yw_opgrade_save TO yiwu;
END $$;
