<powershell>
# Starts a small web server that answers health checks; replace it with your program.
$ErrorActionPreference = "Stop"
New-Item -ItemType Directory -Force -Path C:\app | Out-Null
@'
# Settings come from Systems Manager each time that the program starts.
try {
  $settings = (Get-SSMParameter -Name "${settings}").Value | ConvertFrom-Json
  $settings.PSObject.Properties | ForEach-Object { Set-Item -Path ("env:" + $_.Name) -Value $_.Value }
} catch { Write-Output "no settings: $_" }
$listener = New-Object System.Net.HttpListener
$listener.Prefixes.Add("http://+:${port}/")
$listener.Start()
$body = [Text.Encoding]::UTF8.GetBytes('{"status": "ok"}')
while ($listener.IsListening) {
  $context = $listener.GetContext()
  $context.Response.ContentType = "application/json"
  $context.Response.OutputStream.Write($body, 0, $body.Length)
  $context.Response.Close()
}
'@ | Set-Content -Path C:\app\server.ps1
New-NetFirewallRule -DisplayName "app" -Direction Inbound -Protocol TCP -LocalPort ${port} -Action Allow
$action = New-ScheduledTaskAction -Execute "powershell.exe" -Argument "-NoProfile -File C:\app\server.ps1"
$start = New-ScheduledTaskTrigger -AtStartup
$settings = New-ScheduledTaskSettingsSet -RestartCount 99 -RestartInterval (New-TimeSpan -Minutes 1) -ExecutionTimeLimit ([TimeSpan]::Zero)
Register-ScheduledTask -TaskName "app" -Action $action -Trigger $start -Settings $settings -User "SYSTEM" -RunLevel Highest -Force
Start-ScheduledTask -TaskName "app"
</powershell>
