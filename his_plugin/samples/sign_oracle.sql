-- 医务管理系统 启动链接：返回签好名的查询串，供三方调用配置的参数取用。未编译验证。
-- :1 工号  :2 科室编码  :3 病人ID  :4 就诊ID或主页ID  :5 工作站 MZ 或 ZY
-- 各值只含字母、数字和 - . _ ~，所以不必百分号编码；密钥表只有本查询的账号能读。
WITH given AS (
  SELECT 'app=YW&d=' || :2
         || '&nonce=' || LOWER(RAWTOHEX(SYS.DBMS_CRYPTO.RANDOMBYTES(16)))
         || '&page=my&pid=' || :3 || '&st=' || :5
         || '&ts=' || TO_CHAR(SYSTIMESTAMP AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDDHH24MISS')
         || '&u=' || :1 || '&vid=' || :4 AS text
    FROM dual
)
SELECT g.text || '&sign=' || LOWER(RAWTOHEX(SYS.DBMS_CRYPTO.MAC(
         UTL_RAW.CAST_TO_RAW(g.text), 3 /* HMAC_SH256 */, UTL_RAW.CAST_TO_RAW(k.secret))))
  FROM given g CROSS JOIN yw_launch_key k
