namespace ExecutionManager.Worker;

/// <summary>One worker for one data directory: two would take each other's messages. Freed with the process, however it ends.</summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly FileStream file;

    private DirectoryLock(FileStream file) => this.file = file;

    /// <summary>Makes the directory and takes it.</summary>
    public static DirectoryLock Take(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new DirectoryLock(new FileStream(Path.Combine(directory, "worker.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None));
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            throw new StartFault($"DataDirectory: '{directory}' cannot be used, or another worker uses it ({denied.Message})");
        }
    }

    public void Dispose() => file.Dispose();
}
