; What our installer and uninstaller do beyond electron-builder's own. Compiled by test:packages, never run on Windows here.
!include "getProcessInfo.nsh"
Var pid
Var wasRunning

; Electron-builder kills a running copy. Ours is asked first, so that its quit path clears; it answers when it has ended.
!macro customCheckAppRunning
  !insertmacro IS_POWERSHELL_AVAILABLE
  !insertmacro FIND_PROCESS "${APP_EXECUTABLE_FILENAME}" $R0
  StrCpy $wasRunning $R0
  ${if} ${FileExists} "$INSTDIR\${APP_EXECUTABLE_FILENAME}"
    DetailPrint "Asking ${PRODUCT_NAME} to clear and quit."
    nsExec::Exec /TIMEOUT=15000 `"$INSTDIR\${APP_EXECUTABLE_FILENAME}" --quit`
    Pop $0
  ${endIf}
  !insertmacro _CHECK_APP_RUNNING
!macroend

; A silent upgrade must not leave its user without the app until the next login. Only for the user who installs: in an
; installation for all this may be the system's own account.
!macro customInstall
  ${if} ${Silent}
  ${andIf} $wasRunning == 0
  ${andIf} $installMode == "CurrentUser"
  ${andIfNot} ${isForceRun}
  ${andIfNot} ${isUpdated}
    ${StdUtils.ExecShellAsUser} $0 "$appExe" "open" "--hidden"
  ${endIf}
!macroend

; Only for the user who uninstalls: nobody reaches into another user's registry and profile. An update runs this, too.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    ; The values that Electron writes for a login item, and what Task Manager keeps about it.
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${APP_ID}"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" "${APP_ID}"
    ; In an installation for all users this name would mean the folder that they share.
    SetShellVarContext current
    Delete "$LOCALAPPDATA\${PRODUCT_NAME}\tokens.bin"
    ; What the updater keeps: the last installer, and what it has downloaded.
    RMDir /r "$LOCALAPPDATA\clear-presence-updater"
    ; Asked for in the dialog; a silent removal keeps them.
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "Remove your settings and the history of ${PRODUCT_NAME}, too?" /SD IDNO IDNO keepSettings
    RMDir /r "$LOCALAPPDATA\${PRODUCT_NAME}"
    keepSettings:
    ${if} $installMode == "all"
      SetShellVarContext all
    ${endIf}
  ${endIf}
!macroend
