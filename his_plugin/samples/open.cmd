@echo off
rem 医务管理系统 EXE 接入方式：open.cmd https://portal "签好名的查询串"。未编译验证。
rem 查询串由 HIS 服务器或 SQL 参数给出；这里只打开浏览器，不含密钥。
rem 查询串里的 & 和 %% 必须在引号内；浏览器不在默认位置的，改这一行。
start "" "%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe" --app="%~1/sso/launch?%~2"
