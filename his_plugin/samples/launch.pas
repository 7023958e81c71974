{ 医务管理系统 启动链接签名示例：Pascal（Free Pascal；Delphi 中把 AnsiString 换成 UTF8String）
  密钥只能放在服务器端。文本按 UTF-8 传入。
  命令行：launch HMAC-SM3 密钥 app=YW u=1027 …   输出签名文本和签名 }
program launch;

{$mode objfpc}{$H+}{$Q-}{$R-}

type
  TWords = array[0..7] of LongWord;
  TNames = array of AnsiString;
  THash = function(const Text: AnsiString): AnsiString;

const
  Plain = ['A'..'Z', 'a'..'z', '0'..'9', '-', '.', '_', '~'];
  Digits: array[0..15] of Char = '0123456789abcdef';
  K: array[0..63] of LongWord = (
    $428a2f98, $71374491, $b5c0fbcf, $e9b5dba5, $3956c25b, $59f111f1,
    $923f82a4, $ab1c5ed5, $d807aa98, $12835b01, $243185be, $550c7dc3,
    $72be5d74, $80deb1fe, $9bdc06a7, $c19bf174, $e49b69c1, $efbe4786,
    $0fc19dc6, $240ca1cc, $2de92c6f, $4a7484aa, $5cb0a9dc, $76f988da,
    $983e5152, $a831c66d, $b00327c8, $bf597fc7, $c6e00bf3, $d5a79147,
    $06ca6351, $14292967, $27b70a85, $2e1b2138, $4d2c6dfc, $53380d13,
    $650a7354, $766a0abb, $81c2c92e, $92722c85, $a2bfe8a1, $a81a664b,
    $c24b8b70, $c76c51a3, $d192e819, $d6990624, $f40e3585, $106aa070,
    $19a4c116, $1e376c08, $2748774c, $34b0bcb5, $391c0cb3, $4ed8aa4a,
    $5b9cca4f, $682e6ff3, $748f82ee, $78a5636f, $84c87814, $8cc70208,
    $90befffa, $a4506ceb, $bef9a3f7, $c67178f2);
  Sha256Start: TWords = ($6a09e667, $bb67ae85, $3c6ef372, $a54ff53a,
    $510e527f, $9b05688c, $1f83d9ab, $5be0cd19);
  Sm3Start: TWords = ($7380166f, $4914b2b9, $172442d7, $da8a0600,
    $a96f30bc, $163138aa, $e38dee4d, $b0fb0e4e);

{ RFC 3986 }
function Percent(const Text: AnsiString): AnsiString;
var
  I: Integer;
begin
  Result := '';
  for I := 1 to Length(Text) do
    if Text[I] in Plain then
      Result := Result + Text[I]
    else
      Result := Result + '%' + UpCase(Digits[Ord(Text[I]) shr 4]) + UpCase(Digits[Ord(Text[I]) and 15]);
end;

function NameOf(const Word: AnsiString): AnsiString;
begin
  Result := Copy(Word, 1, Pos('=', Word) - 1);
end;

{ 除 sign 外的全部参数（每项 名=值），按参数名排序 }
function SigningText(Given: TNames): AnsiString;
var
  I, J: Integer;
  Kept: AnsiString;
begin
  for I := 1 to High(Given) do
    for J := I downto 1 do
      if NameOf(Given[J]) < NameOf(Given[J - 1]) then
      begin
        Kept := Given[J];
        Given[J] := Given[J - 1];
        Given[J - 1] := Kept;
      end;
  Result := '';
  for I := 0 to High(Given) do
    if NameOf(Given[I]) <> 'sign' then
    begin
      if Result <> '' then
        Result := Result + '&';
      Result := Result + Percent(NameOf(Given[I])) + '='
        + Percent(Copy(Given[I], Pos('=', Given[I]) + 1, Length(Given[I])));
    end;
end;

function Left(X: LongWord; N: Integer): LongWord;
begin
  N := N mod 32;
  if N = 0 then
    Result := X
  else
    Result := (X shl N) or (X shr (32 - N));
end;

function Padded(const Text: AnsiString): AnsiString;
var
  I: Integer;
begin
  Result := Text + #$80;
  while Length(Result) mod 64 <> 56 do
    Result := Result + #0;
  for I := 7 downto 0 do
    Result := Result + Chr((Int64(Length(Text)) * 8 shr (8 * I)) and 255);
end;

function WordAt(const Text: AnsiString; At: Integer): LongWord;
begin
  Result := (LongWord(Ord(Text[At])) shl 24) or (LongWord(Ord(Text[At + 1])) shl 16)
    or (LongWord(Ord(Text[At + 2])) shl 8) or LongWord(Ord(Text[At + 3]));
end;

function Packed8(const V: TWords): AnsiString;
var
  I, Shift: Integer;
begin
  Result := '';
  for I := 0 to 7 do
    for Shift := 3 downto 0 do
      Result := Result + Chr((V[I] shr (8 * Shift)) and 255);
end;

function Sha256(const Text: AnsiString): AnsiString;
var
  Message: AnsiString;
  W: array[0..63] of LongWord;
  V, A: TWords;
  At, I, J: Integer;
  S0, S1, T1, T2: LongWord;
begin
  V := Sha256Start;
  Message := Padded(Text);
  for At := 0 to Length(Message) div 64 - 1 do
  begin
    for I := 0 to 15 do
      W[I] := WordAt(Message, At * 64 + I * 4 + 1);
    for I := 16 to 63 do
    begin
      S0 := Left(W[I - 15], 25) xor Left(W[I - 15], 14) xor (W[I - 15] shr 3);
      S1 := Left(W[I - 2], 15) xor Left(W[I - 2], 13) xor (W[I - 2] shr 10);
      W[I] := LongWord(W[I - 16] + S0 + W[I - 7] + S1);
    end;
    A := V;
    for I := 0 to 63 do
    begin
      S1 := Left(A[4], 26) xor Left(A[4], 21) xor Left(A[4], 7);
      T1 := LongWord(A[7] + S1 + ((A[4] and A[5]) xor ((not A[4]) and A[6])) + K[I] + W[I]);
      S0 := Left(A[0], 30) xor Left(A[0], 19) xor Left(A[0], 10);
      T2 := LongWord(S0 + ((A[0] and A[1]) xor (A[0] and A[2]) xor (A[1] and A[2])));
      for J := 7 downto 1 do
        A[J] := A[J - 1];
      A[4] := LongWord(A[4] + T1);
      A[0] := LongWord(T1 + T2);
    end;
    for I := 0 to 7 do
      V[I] := LongWord(V[I] + A[I]);
  end;
  Result := Packed8(V);
end;

function Sm3(const Text: AnsiString): AnsiString;
var
  Message: AnsiString;
  W: array[0..67] of LongWord;
  V, A: TWords;
  At, I: Integer;
  X, T, S1, S2, FF, GG, T1, T2: LongWord;
begin
  V := Sm3Start;
  Message := Padded(Text);
  for At := 0 to Length(Message) div 64 - 1 do
  begin
    for I := 0 to 15 do
      W[I] := WordAt(Message, At * 64 + I * 4 + 1);
    for I := 16 to 67 do
    begin
      X := W[I - 16] xor W[I - 9] xor Left(W[I - 3], 15);
      W[I] := X xor Left(X, 15) xor Left(X, 23) xor Left(W[I - 13], 7) xor W[I - 6];
    end;
    A := V;
    for I := 0 to 63 do
    begin
      if I < 16 then
      begin
        T := $79cc4519;
        FF := A[0] xor A[1] xor A[2];
        GG := A[4] xor A[5] xor A[6];
      end
      else
      begin
        T := $7a879d8a;
        FF := (A[0] and A[1]) or (A[0] and A[2]) or (A[1] and A[2]);
        GG := (A[4] and A[5]) or ((not A[4]) and A[6]);
      end;
      S1 := Left(LongWord(Left(A[0], 12) + A[4] + Left(T, I)), 7);
      S2 := S1 xor Left(A[0], 12);
      T1 := LongWord(FF + A[3] + S2 + (W[I] xor W[I + 4]));
      T2 := LongWord(GG + A[7] + S1 + W[I]);
      A[3] := A[2];
      A[2] := Left(A[1], 9);
      A[1] := A[0];
      A[0] := T1;
      A[7] := A[6];
      A[6] := Left(A[5], 19);
      A[5] := A[4];
      A[4] := T2 xor Left(T2, 9) xor Left(T2, 17);
    end;
    for I := 0 to 7 do
      V[I] := V[I] xor A[I];
  end;
  Result := Packed8(V);
end;

function Hmac(Hash: THash; Key: AnsiString; const Message: AnsiString): AnsiString;
var
  Inner, Outer: AnsiString;
  I: Integer;
begin
  if Length(Key) > 64 then
    Key := Hash(Key);
  while Length(Key) < 64 do
    Key := Key + #0;
  Inner := '';
  Outer := '';
  for I := 1 to 64 do
  begin
    Inner := Inner + Chr(Ord(Key[I]) xor $36);
    Outer := Outer + Chr(Ord(Key[I]) xor $5c);
  end;
  Result := Hash(Outer + Hash(Inner + Message));
end;

function Sign(const Given: TNames; const Key, Algorithm: AnsiString): AnsiString;
var
  Made: AnsiString;
  I: Integer;
begin
  if Algorithm = 'HMAC-SM3' then
    Made := Hmac(@Sm3, Key, SigningText(Given))
  else
    Made := Hmac(@Sha256, Key, SigningText(Given));
  Result := '';
  for I := 1 to Length(Made) do
    Result := Result + Digits[Ord(Made[I]) shr 4] + Digits[Ord(Made[I]) and 15];
end;

{ 打开：Portal + '/sso/launch?' + SigningText(Given) + '&sign=' + Sign(Given, Key, 'HMAC-SHA256') }

var
  Given: TNames;
  I: Integer;
begin
  SetLength(Given, ParamCount - 2);
  for I := 3 to ParamCount do
    Given[I - 3] := ParamStr(I);
  Write(SigningText(Given), #10, Sign(Given, ParamStr(2), ParamStr(1)), #10);
end.
