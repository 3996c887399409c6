using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExecutionManager.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class TellProgress : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "ProgressedAt",
                table: "samples",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ProgressedAt",
                table: "samples");
        }
    }
}
